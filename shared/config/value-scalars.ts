import { type Checkable, deliveries } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import { isExact } from '#shared/domain/decimal.ts';
import { leavesOf, type ValueLeaf } from '#shared/domain/value-template.ts';

/** Checks of a value's numbers and nulls against the text of relay.yaml, which alone shows what was written. Pure. */

const judge = (leaf: ValueLeaf['leaf'], written: string): string[] => {
  if (leaf === null && written === '') return ['is empty; write null, or "" for empty text, or remove the key'];
  return typeof leaf === 'number' && !isExact(leaf, written)
    ? ['has more digits than a number in JSON keeps; put it in quotes']
    : [];
};

/**
 * Checks the numbers and nulls in the values of all rules.
 *
 * @param textOf Text of the scalar at a path of the file; undefined if there is none.
 */
export const checkScalars = (config: Checkable, textOf: (path: Problem['path']) => string | undefined): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry: { value } }) =>
    leavesOf(value).flatMap(({ path, leaf }) => {
      const place = [section, name, 'value', ...path];
      const written = textOf(place);
      return written === undefined ? [] : judge(leaf, written).map((message) => ({ path: place, message }));
    }),
  );

import * as z from 'zod';
import { type Checkable, deliveries, findSource } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { doubtOf } from '#shared/domain/selection.ts';

/** Patterns that may be meant as another language of patterns has them. Pure. */

const listSchema = z.array(z.string());
const mapSchema = z.record(z.string(), z.unknown());

interface Setting {
  readonly path: Problem['path'];
  readonly texts: readonly string[];
}

/** All lists of texts among the settings of a rule, in whatever depth. */
const listsIn = (settings: unknown, path: Problem['path']): Setting[] => {
  const { data: texts } = listSchema.safeParse(settings);
  if (texts !== undefined) return [{ path, texts }];
  const inner = mapSchema.safeParse(settings).data ?? {};
  return Object.entries(inner).flatMap(([key, value]) => listsIn(value, [...path, key]));
};

/**
 * What may be meant otherwise among the patterns of all rules. Which settings hold patterns only a source knows: they are
 * those lists of a rule that its source takes for patterns.
 */
export const findDoubts = (config: Checkable, types: RegisteredTypes): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry }) => {
    const patterns = Object.values(findSource(types, entry.source)?.rules(entry).patterns ?? {});
    const isOfPatterns = ({ texts }: Setting): boolean =>
      patterns.some((globs) => JSON.stringify(globs) === JSON.stringify(texts));
    return listsIn(entry, [section, name])
      .filter(isOfPatterns)
      .flatMap(({ path, texts }) =>
        texts.flatMap((text, index) => {
          const message = doubtOf(text);
          return message === undefined ? [] : [{ path: [...path, index], message }];
        }),
      );
  });

import * as z from 'zod';
import { type Checkable, deliveries, findSource } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { warningOf } from '#shared/domain/selection.ts';

/** Warnings about patterns that seem to be written in another pattern language. Pure. */

const listSchema = z.array(z.string());
const mapSchema = z.record(z.string(), z.unknown());

interface Setting {
  readonly path: Problem['path'];
  readonly texts: readonly string[];
}

/** All lists of texts in the settings of a rule, at any depth. */
const listsIn = (settings: unknown, path: Problem['path']): Setting[] => {
  const { data: texts } = listSchema.safeParse(settings);
  if (texts !== undefined) return [{ path, texts }];
  const inner = mapSchema.safeParse(settings).data ?? {};
  return Object.entries(inner).flatMap(([key, value]) => listsIn(value, [...path, key]));
};

/**
 * Warnings about the patterns of all rules. A source returns its pattern lists without their paths in the rule, so a
 * list of the rule counts as patterns if it is equal to one of them.
 */
export const findWarnings = (config: Checkable, types: RegisteredTypes): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry }) => {
    const patterns = Object.values(findSource(types, entry.source)?.rules(entry).patterns ?? {});
    const isOfPatterns = ({ texts }: Setting): boolean =>
      patterns.some((globs) => JSON.stringify(globs) === JSON.stringify(texts));
    return listsIn(entry, [section, name])
      .filter(isOfPatterns)
      .flatMap(({ path, texts }) =>
        texts.flatMap((text, index) => {
          const message = warningOf(text);
          return message === undefined ? [] : [{ path: [...path, index], message }];
        }),
      );
  });

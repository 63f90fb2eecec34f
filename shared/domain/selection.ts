import { isMatch } from 'matcher';
import { type Labels, textOf } from '#shared/domain/item.ts';

/** What each label of a selected item has to match; a label without patterns may be anything. */
export type Patterns = Readonly<Record<string, readonly string[]>>;

/**
 * Whether text matches a list of patterns: `*` is the wildcard, case does not matter, a pattern that begins with `!`
 * excludes, a later pattern overrules an earlier one, and an empty list takes everything.
 */
export const matchesGlobs = (text: string, globs: readonly string[]): boolean =>
  globs.length === 0 || isMatch(text, globs);

/** Whether an item's labels match all patterns. A label that the item does not have is empty. Pure. */
export const isSelected = (patterns: Patterns, labels: Labels): boolean =>
  Object.entries(patterns).every(([label, globs]) => matchesGlobs(textOf(labels, label), globs));

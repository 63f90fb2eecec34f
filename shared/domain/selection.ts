import { type Labels, textOf } from '#shared/domain/item.ts';

/** Patterns that each label of a selected item must match. A label without patterns can have any text. */
export type Patterns = Readonly<Record<string, readonly string[]>>;

const WILDCARD = '*';
const EXCLUDES = '!';

/**
 * Folds the case of a text: lower case, with every final sigma replaced, because lowercasing a Greek word depends on
 * its end. Folding a text therefore equals folding its parts.
 */
export const foldCase = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ');

/**
 * True if folded text matches. With `*` as the only wildcard, the first occurrence of each piece is always sufficient.
 */
type Matches = (text: string) => boolean;

const compilePattern = (pattern: string): Matches => {
  const [first = '', ...rest] = foldCase(pattern).split(WILDCARD);
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
};

const compileList = (globs: readonly string[]): Matches => {
  const included = globs.filter((glob) => !glob.startsWith(EXCLUDES)).map(compilePattern);
  const excluded = globs.filter((glob) => glob.startsWith(EXCLUDES)).map((glob) => compilePattern(glob.slice(1)));
  return (text) =>
    (included.length === 0 || included.some((matches) => matches(text))) && !excluded.some((matches) => matches(text));
};

const compiled = new WeakMap<readonly string[], Matches>();

/**
 * True if text matches a list of patterns. `*` matches any text, including none. A pattern that begins with `!`
 * excludes the text that the rest of it matches. Every other character, including the backslash, matches itself. Case
 * is ignored. Exclusions take precedence, regardless of their position in the list. A list of exclusions only matches
 * everything else; an empty list matches everything. Pure; compiled lists are cached.
 */
export const matchesGlobs = (text: string, globs: readonly string[]): boolean => {
  const matches = compiled.get(globs) ?? compileList(globs);
  compiled.set(globs, matches);
  return matches(foldCase(text));
};

/** True if an item's labels match all patterns. A label that the item does not have is empty. Pure. */
export const isSelected = (patterns: Patterns, labels: Labels): boolean =>
  Object.entries(patterns).every(([label, globs]) => matchesGlobs(textOf(labels, label), globs));

/** Characters with a meaning in other pattern languages, but not here. */
const UNCOMMON = /[?[\]{}^$]/g;

/**
 * Warning about a pattern that probably does not do what its author intended, without quoting it; undefined if none.
 * Pure.
 */
export const warningOf = (pattern: string): string | undefined => {
  const found = [...new Set(pattern.match(UNCOMMON))];
  if (found.length > 0) {
    const characters = found.map((character) => JSON.stringify(character)).join(', ');
    return `contains ${characters}, which ${found.length === 1 ? 'matches itself' : 'match themselves'} in a pattern; only * is a wildcard, and only a leading ! excludes`;
  }
  return /^!?\s|\s$/.test(pattern)
    ? 'begins or ends with a space, which is part of the pattern; remove it if the names have none'
    : undefined;
};

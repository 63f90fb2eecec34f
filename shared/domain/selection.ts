import { type Labels, textOf } from '#shared/domain/item.ts';

/** What each label of a selected item has to match; a label without patterns may be anything. */
export type Patterns = Readonly<Record<string, readonly string[]>>;

const WILDCARD = '*';
const EXCLUDES = '!';

/**
 * Text in which case does not matter any more: in lower case, and with one sigma, which lower case alone would write as
 * another one where a word ends. Folding a text is folding its pieces.
 */
export const foldCase = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ');

/** Whether folded text matches. Takes each piece at its first place, which `*` alone never makes it regret. */
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
 * Whether text matches a list of patterns. `*` stands for any text, an empty one, too; a pattern that begins with `!`
 * excludes what the rest of it matches; every other character stands for itself, the backslash as well, and case does not
 * matter. What one pattern excludes no other brings back, wherever it stands in the list. A list of nothing but exclusions
 * takes everything else, and an empty list everything. Pure: a list that was seen before is only not read again.
 */
export const matchesGlobs = (text: string, globs: readonly string[]): boolean => {
  const matches = compiled.get(globs) ?? compileList(globs);
  compiled.set(globs, matches);
  return matches(foldCase(text));
};

/** Whether an item's labels match all patterns. A label that the item does not have is empty. Pure. */
export const isSelected = (patterns: Patterns, labels: Labels): boolean =>
  Object.entries(patterns).every(([label, globs]) => matchesGlobs(textOf(labels, label), globs));

/** What other languages of patterns give a meaning to, and ours does not. */
const UNCOMMON = /[?[\]{}^$]/g;

/** Why a pattern may not mean what its author thinks, in words that do not repeat it; undefined for one without doubt. Pure. */
export const doubtOf = (pattern: string): string | undefined => {
  const found = [...new Set(pattern.match(UNCOMMON))];
  if (found.length > 0) {
    const characters = found.map((character) => JSON.stringify(character)).join(', ');
    return `holds ${characters}, which ${found.length === 1 ? 'stands for itself' : 'stand for themselves'} in a pattern; only * is a wildcard, and only a ! at its beginning excludes`;
  }
  return /^!?\s|\s$/.test(pattern)
    ? 'begins or ends with a space, which belongs to the names that it matches; remove it if theirs have none'
    : undefined;
};

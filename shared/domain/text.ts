/**
 * Text that others wrote, such as names in a vault, and how people get to read it: nothing in it may forge a line, move a
 * cursor or turn the order of what is read. Records keep it as it is.
 */

/**
 * What is not shown as it is: controls (C0, DEL, C1), line and paragraph separators, marks that turn the direction, and halves
 * of characters.
 */
const UNSHOWABLE = String.raw`[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]`;

const HIDDEN = new RegExp(UNSHOWABLE, 'u');
/** A backslash that would read as the beginning of an escape is escaped, too: so different texts stay different. */
const ESCAPED = new RegExp(String.raw`${UNSHOWABLE}|\\(?=u\{)`, 'gu');
const ESCAPE = /\\u\{([0-9A-F]{1,4})\}/g;

const escapeOf = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16).toUpperCase()}}`;

/** True for text that can be shown as it is: well-formed Unicode of one line. Pure. */
export const isPlainText = (text: string): boolean => !HIDDEN.test(text);

/**
 * Text for people: what is not plain stands there as `\u{1B}`, and everything else as it is. To be done once, where the text
 * leaves for people to read. Pure.
 */
export const showText = (text: string): string => text.replace(ESCAPED, escapeOf);

/** The text that {@link showText} made this of; any other text as it is. Pure. */
export const readShown = (shown: string): string =>
  shown.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** The beginning of a text, with an ellipsis where something is missing; never half a character. Pure. */
export const shorten = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const kept = text.slice(0, maxLength - 1);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
};

/**
 * Safe display of text from outside, such as names in a vault. No such text can forge a line, move a cursor or reverse
 * the reading order. Records keep it unchanged.
 */

/**
 * Characters that are escaped: controls (C0, DEL, C1), line and paragraph separators, bidirectional controls, and lone
 * surrogates.
 */
const UNSHOWABLE = String.raw`[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]`;

const HIDDEN = new RegExp(UNSHOWABLE, 'u');
/** A backslash that would begin an escape is escaped as well, so that different texts stay different. */
const ESCAPED = new RegExp(String.raw`${UNSHOWABLE}|\\(?=u\{)`, 'gu');
const ESCAPE = /\\u\{([0-9A-F]{1,4})\}/g;

const escapeOf = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16).toUpperCase()}}`;

/** True for text that can be shown unchanged: one line of well-formed Unicode. Pure. */
export const isPlainText = (text: string): boolean => !HIDDEN.test(text);

/**
 * Escapes every character that is not plain, for example as `\u{1B}`. Apply it once, where text is written for people
 * to read. Pure.
 */
export const showText = (text: string): string => text.replace(ESCAPED, escapeOf);

/** Reverses {@link showText}; any other text is returned unchanged. Pure. */
export const readShown = (shown: string): string =>
  shown.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Truncates a text with an ellipsis; never splits a character. Pure. */
export const shorten = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const kept = text.slice(0, maxLength - 1);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
};

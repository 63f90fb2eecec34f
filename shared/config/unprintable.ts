import type { Offence } from '#shared/config/yaml-tokens.ts';

/** Characters that YAML does not allow. Source: YAML 1.2.2, production `c-printable`. */
const UNPRINTABLE = /[^\t\n\r\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Finds the characters of a text that YAML does not allow. Pure. */
export const findUnprintable = (text: string): Offence[] =>
  Array.from(text.matchAll(UNPRINTABLE), ({ 0: character, index }) => ({
    offset: index,
    message: `the control character ${nameOf(character)} is not allowed; remove it, or write it as an escape in double quotes, such as "\\t"`,
  }));

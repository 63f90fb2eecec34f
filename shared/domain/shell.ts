/** Quotes a text as one POSIX shell word, for commands that an operator copies from a message. */
export const shellQuote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

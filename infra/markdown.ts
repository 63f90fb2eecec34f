/** Building blocks of the generated pages. */

/** Wider cells extend beyond their column, so that one long text does not widen every row. */
const MAX_WIDTH = 64;

/** Escapes text for a table cell. */
export const escapeCell = (text: string): string => text.replaceAll(/[\\|*<]/g, '\\$&');

/** Formats code for a table cell. GitHub splits rows at unescaped pipes even within backticks. */
export const codeCell = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/**
 * Formats a table whose first row is the header. A column is as wide as its widest cell of at most {@link MAX_WIDTH}
 * characters.
 */
export const writeTable = (rows: readonly (readonly string[])[]): string => {
  const [columns = [], ...body] = rows;
  const widths = columns.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0).filter((width) => width <= MAX_WIDTH)),
  );
  const lineOf = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [lineOf(columns), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(lineOf)].join(
    '\n',
  );
};

/** A generated section of a page, between two marker comments. */
export interface GeneratedSection {
  readonly name: string;
  readonly command: string;
  readonly text: string;
}

/** Returns the page with the section replaced between its markers. Throws if the page lacks the markers. */
export const placeSection = (page: string, { name, command, text }: GeneratedSection): string => {
  const begin = `<!-- begin: ${name}, written by ${command} -->`;
  const end = `<!-- end: ${name} -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no ${begin} followed by ${end}.`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
};

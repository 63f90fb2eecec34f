import { readFileSync } from 'node:fs';

/** A Markdown table: its columns, and its rows keyed by the text of their first cell. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** The first table below a heading. @throws when there is none, or when two rows have the same first cell. */
export const tableBelow = (page: string, heading: string): Table => {
  const lines = readFileSync(page, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  const head = lines.findIndex((line, index) => index > from && line.startsWith('|'));
  if (from === -1 || head === -1) throw new Error(`${page} has no table below "${heading}".`);
  const length = lines.slice(head).findIndex((line) => !line.startsWith('|'));
  const [titles = '', , ...body] = lines.slice(head, head + length);
  const rows = new Map<string, readonly string[]>();
  for (const [first = '', ...rest] of body.map(cellsOf)) {
    if (rows.has(first)) throw new Error(`${page} has two rows "${first}" below "${heading}".`);
    rows.set(first, rest);
  }
  return { columns: cellsOf(titles).slice(1), rows };
};

import { styleText } from 'node:util';
import type { ComparedCall } from './comparison.ts';
import { DOCUMENTED_CASES } from './documented-cases.ts';
import type { Performance } from './stage.ts';

const COLUMNS = ['the documentation', 'pam-relay', 'why'] as const;

const short = (documented = ''): string => documented.replace('<base>/', '').replace(/\?.*/, '');

const cellsOf = ({ documented, ours, why = '' }: ComparedCall): string[] => [short(documented), ours, why];

/** The text output of an example. */
export const show = ({ example, rows, delivered, openAfterwards, broken }: Performance): string => {
  const table: string[][] = [[...COLUMNS], ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const lines = table.map((cells) => `  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
  const [head = '', ...body] = lines;
  return [
    styleText('bold', DOCUMENTED_CASES[example.name].title),
    styleText('dim', head),
    ...body,
    `  ${verdict(broken.length === 0)} delivered: ${delivered.join(', ') || 'nothing'}; open afterwards: ${listOpen(openAfterwards)}`,
    ...broken.map((sentence) => styleText('red', `  Broken: ${sentence}`)),
    '',
  ].join('\n');
};

const verdict = (isRight: boolean): string => (isRight ? styleText('green', '✓') : styleText('red', '✗'));

/** Formats the open things as text. */
export const listOpen = (open: Performance['openAfterwards']): string => {
  const left = Object.entries(open).filter(([, count]) => count > 0);
  return left.length === 0 ? 'nothing' : left.map(([what, count]) => `${count} ${what}`).join(', ');
};

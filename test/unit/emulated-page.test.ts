import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KNOWN_DEVIATIONS } from '#test/emulated/known-wrong.ts';

const SECTION = '## Known deviations';

/** Rows of all tables below a heading, up to the next heading, without table headers. */
const rowsBelow = (heading: string, text: string): string[][] => {
  const [, after = ''] = text.split(`${heading}\n`);
  const [below = ''] = after.split(/^#+ /m);
  const rows = below.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

describe('docs/emulated.md', () => {
  const [, section = ''] = readFileSync('docs/emulated.md', 'utf8').split(`${SECTION}\n`);

  it.each(Object.entries(KNOWN_DEVIATIONS))(
    'names every row that %s gets wrong, why, and no other',
    (emulator, services) => {
      const known = Object.entries(services).flatMap(([service, rows]) =>
        Object.entries(rows).map(([title, reason]) => [service, title, reason]),
      );
      expect(rowsBelow(`### ${emulator}`, section)).toEqual(known);
    },
  );
});

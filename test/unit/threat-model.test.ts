import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableBelow } from '#test/support/markdown-tables.ts';

const TABLES = ['Promises', 'Use of approvals', 'Isolation between senders', 'Encryption keys'];

const SHOWN_BY = /\[[^\]]+\]\((?<file>[^)]+)\): "(?<name>(?:[^"\\]|\\.)+)"/;

/** Last cell of a row: `[file](../path): "name of the test"` for each test that proves the claim. */
const testsIn = (cell: string) =>
  cell.split('; [').map((part, index) => SHOWN_BY.exec(index === 0 ? part : `[${part}`)?.groups ?? {});

const claims = TABLES.flatMap((heading) =>
  [...tableBelow('docs/threat-model.md', heading).rows].map(
    ([claim, cells]) => [heading, claim, cells.at(-1) ?? ''] as const,
  ),
);

describe('the threat model', () => {
  it.each(claims)('%s: %s: is proven by existing tests', (_heading, _claim, cell) => {
    for (const { file = '', name = '' } of testsIn(cell)) {
      expect(file, `${cell} names no test`).not.toBe('');
      const path = join('docs', file);
      expect(existsSync(path), `${path} is not there`).toBe(true);
      expect(readFileSync(path, 'utf8').replaceAll("\\'", "'"), `${path} has no such test`).toContain(name);
    }
  });

  it('has a row for each promise, and more than a few', () => {
    expect(claims.length).toBeGreaterThan(60);
  });

  it('claims nothing beside these tables: every chapter has one, or promises nothing', () => {
    const chapters = [...readFileSync('docs/threat-model.md', 'utf8').matchAll(/^## (.+)$/gm)].map(
      ([, title]) => title,
    );
    const others = ['Assets', 'Attack surface', 'What is not promised'];
    expect(chapters.toSorted()).toEqual([...TABLES, ...others].toSorted());
  });

  it('says of each kind of resource that keeps data with which key', () => {
    const [, text = ''] = readFileSync('docs/threat-model.md', 'utf8').split('## Encryption keys');
    for (const word of [
      'records',
      'notes',
      'tokens',
      'logs',
      'alerts',
      'messages',
      'state machines',
      'schedules',
      'delivered secrets',
    ]) {
      expect(text).toContain(word);
    }
  });
});

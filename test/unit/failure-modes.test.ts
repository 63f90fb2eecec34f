import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableBelow } from '#test/support/markdown-tables.ts';

const { columns, rows } = tableBelow('test/data/failure-modes.md', 'Broken on purpose');

describe('what was broken on purpose', () => {
  it('breaks each of the sixteen promises', () => {
    expect(columns).toEqual(['promise', 'where', 'test that caught it']);
    expect(new Set([...rows.values()].map(([promise]) => promise)).size).toBe(16);
  });

  it.each([...rows])('%s: is still caught by an existing test', (_what, cells) => {
    const [, where = '', caughtBy = ''] = cells;
    expect(existsSync(where.replaceAll('`', ''))).toBe(true);
    const [, file = '', words = ''] = /\]\(\.\.\/(.+?)\): (.+)$/.exec(caughtBy) ?? [];
    expect(readFileSync(join('test', file), 'utf8')).toContain(words);
  });
});

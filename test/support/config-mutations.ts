import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect } from 'vitest';
import { isPlainText } from '#shared/domain/text.ts';
import { problemsOf } from '#test/unit/shared/config/support.ts';

const FULL = readFileSync('examples/full.yaml', 'utf8');

/** Replaces a piece of the text: a typing error, a lost line, or a line from elsewhere. */
const slip = fc.record({
  at: fc.nat(FULL.length),
  length: fc.oneof(fc.nat(3), fc.nat(200)),
  by: fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom(
      '\n',
      '\t',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      '&a ',
      '*a',
      '"',
      "'",
      '\u0000',
      '\u001B',
      '!x ',
      '<<: *a\n',
      '"a\\nb": 1\n',
      '"\\u001b\\u2028": ',
      'syncs: {}\n',
      '$',
      '%',
      '@',
      '__proto__: 1\n',
      '? [a]: b\n',
      '\r\n',
      '---\n',
    ),
    fc.nat(FULL.length).map((from) => FULL.slice(from, from + 60)),
  ),
});

/** Each problem of a mutated configuration is one line of plain text, and names a position in the file. */
export const configMutations = fc.property(fc.array(slip, { minLength: 1, maxLength: 4 }), (slips) => {
  const mutated = slips.reduce((whole, { at, length, by }) => whole.slice(0, at) + by + whole.slice(at + length), FULL);
  const lines = mutated.split('\n');
  const found = problemsOf(mutated);
  for (const problem of found) expect(problem).toSatisfy(isPlainText);
  const problems = found.map((problem) => /^relay\.yaml:(\d+):(\d+) \S/.exec(problem)?.map(Number) ?? []);
  for (const [, line = 0, column = 0] of problems) {
    expect(lines[line - 1]).toBeDefined();
    expect(column).toBeGreaterThan(0);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
  }
  expect(problems.map(([, line]) => line)).toEqual(problems.map(([, line]) => line ?? 0).toSorted((a, b) => a - b));
});

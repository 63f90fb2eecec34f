import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from '#shared/domain/shell.ts';

test('a shell reads every quoted text as the original single word', () => {
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(...`aZ0 '"\\$\`!*?[]{}()<>|&;#~=%@:,./-_+\n\té`) }), 200);
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${texts.map(shellQuote).join(' ')}`]).toString();
  expect(output.split('\0').slice(0, -1)).toEqual(texts);
});

test('a plain text stays unchanged', () => {
  expect(shellQuote('prod/web01/svc')).toBe('prod/web01/svc');
});

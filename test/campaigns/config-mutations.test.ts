import fc from 'fast-check';
import { it } from 'vitest';
import { configMutations } from '#test/support/config-mutations.ts';

it('the loader parses any mutation of a valid configuration, or names positions inside the file in single lines', () => {
  fc.assert(configMutations, { numRuns: 300 });
});

it('the loader keeps a message on one line if it quotes the name of an entry: seed -906243531', () => {
  fc.assert(configMutations, { numRuns: 50, seed: -906243531 });
});

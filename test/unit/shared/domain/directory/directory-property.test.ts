import fc from 'fast-check';
import { it } from 'vitest';
import { histories, playDirectory } from '#test/support/directory-property.ts';

it('a member is never removed by an error, an incomplete list or an empty source, and never twice', async () => {
  await fc.assert(fc.asyncProperty(histories, playDirectory), { seed: 20_260_302, numRuns: 60 });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raceForRotation } from '#test/support/rotation-races.ts';

const RACES = 20;

describe('a rotation, a checkout and a sync of one account at once', () => {
  it('lose nothing, borrow nothing, and change nothing under the checkout', async () => {
    const choices = fc.array(fc.nat({ max: 5 }), { minLength: 20, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(choices, fc.boolean(), async (numbers, isQueued) => {
        expect((await raceForRotation(numbers, isQueued)).join('\n')).toBe('');
      }),
      { numRuns: RACES },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raceForAccount } from '#test/support/checkout-races.ts';

/** Runs races with random orders of calls. */
export const race = (numRuns: number): void => {
  describe('two checkouts and a sync of one account at once', () => {
    it('never close a request of another, and all complete', async () => {
      const choices = fc.array(fc.nat({ max: 5 }), { minLength: 20, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(choices, async (numbers) => {
          expect((await raceForAccount(numbers)).join('\n')).toBe('');
        }),
        { numRuns },
      );
    }, 600_000);
  });
};

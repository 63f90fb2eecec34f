import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raceForAccount } from '#test/support/checkout-races.ts';

const SEED = Number(process.env['RACE_SEED'] ?? 1);
const RUNS = Number(process.env['RACE_RUNS'] ?? 10);

describe('two checkouts and a sync of one account at once', () => {
  it('never close what another one opened, and all come to their ends', async () => {
    const choices = fc.array(fc.nat({ max: 5 }), { minLength: 20, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(choices, async (numbers) => {
        expect((await raceForAccount(numbers)).join('\n')).toBe('');
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 300_000);
});

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type AliasTurn, aliasScenario, SWITCHES } from '#test/support/alias-scenarios.ts';
import { crash, DEATHS } from '#test/support/crash.ts';
import { TARGETS } from '#test/support/pair-property.ts';

const anyTurn: fc.Arbitrary<AliasTurn> = fc.record({
  target: fc.constantFrom(...TARGETS),
  switchMs: fc.constantFrom(...Object.values(SWITCHES)),
  switchesBackAfter: fc.option(fc.nat({ max: 80 }), { nil: undefined }),
  isSynced: fc.boolean(),
});

/** Checks turns of an alias whose accounts and switches misbehave, with a death. */
export const checkAliasTurns = (numRuns: number): void => {
  describe('an alias whose switch is late, early, repeated or missing', () => {
    it('has a value in the store that opens one of its accounts, at every moment, and its account never changes', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyTurn, { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          fc.constantFrom(...DEATHS),
          fc.nat({ max: 400 }),
          async (turns, queue, death, moment) => {
            const { broken } = await crash({ scenario: aliasScenario(turns, { queue }), death, moments: [moment] });
            if (broken.length > 0) throw new Error(broken.join(' '));
          },
        ),
        { numRuns },
      );
    });
  });
};

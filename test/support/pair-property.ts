import fc from 'fast-check';
import { describe, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import { pairScenario, type TurnBehaviour } from '#test/support/pair-scenarios.ts';
import { DEADLINE_MINUTES } from '#test/support/rotation-scenarios.ts';

const MINUTE_MS = 60_000;
const LATE_MS = (DEADLINE_MINUTES / 2) * MINUTE_MS;
const TOO_LATE_MS = 2 * DEADLINE_MINUTES * MINUTE_MS;

/** A second change comes before the first look: a change of an account that readers have is no turn. */
export const TARGETS: readonly TurnBehaviour['target'][] = [
  { changes: 'once' },
  { changes: 'once', acceptsCredential: false },
  { changes: 'late', lateMs: LATE_MS },
  { changes: 'late', lateMs: TOO_LATE_MS },
  { changes: 'late', lateMs: LATE_MS, acceptsCredential: false },
  { changes: 'twice', lateMs: 1000 },
  { changes: 'never' },
  { isReachable: false },
];

const anyTurn: fc.Arbitrary<TurnBehaviour> = fc.record({
  target: fc.constantFrom(...TARGETS),
  isSynced: fc.boolean(),
});

/** Checks turns of a pair whose accounts misbehave, with a death. */
export const checkTurns = (numRuns: number): void => {
  describe('a pair whose idle account misbehaves', () => {
    it('has a value in the store that opens one of its accounts, at every moment', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyTurn, { minLength: 1, maxLength: 4 }),
          fc.constantFrom(...DEATHS),
          fc.nat({ max: 500 }),
          async (turns, death, moment) => {
            // The queue delays the first look until after the second change.
            const { broken } = await crash({
              scenario: pairScenario(turns, { queue: true }),
              death,
              moments: [moment],
            });
            if (broken.length > 0) throw new Error(broken.join(' '));
          },
        ),
        {
          numRuns,
          // The execution dies between the switch of the record and the delivery.
          examples: [
            [
              [
                { target: { changes: 'late', lateMs: LATE_MS }, isSynced: false },
                { target: { changes: 'once', acceptsCredential: false }, isSynced: true },
                { target: { changes: 'once' }, isSynced: false },
              ],
              'execution',
              251,
            ],
          ],
        },
      );
    }, 600_000);
  });
};

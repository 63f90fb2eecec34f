import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import {
  ACCOUNTS,
  type Fate,
  type StopMessage,
  type StoppedRun,
  stoppedRotation,
} from '#test/support/rotation-stops.ts';

const anyStop: fc.Arbitrary<StopMessage> = fc.record({
  after: fc.oneof(
    fc.nat({ max: 160 }).map((calls) => ({ calls })),
    fc.nat({ max: 12 }).map((waits) => ({ waits })),
  ),
  id: fc.nat({ max: 2 }),
  lateMinutes: fc.constantFrom(0, 0, 0, 3, 40),
});

const anyRuns: fc.Arbitrary<readonly StoppedRun[]> = fc.array(
  fc.record({
    stops: fc.array(anyStop, { maxLength: 3 }),
    acceptFailures: fc.boolean(),
    retries: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

const anyFates: fc.Arbitrary<readonly Fate[]> = fc.array(
  fc.constantFrom<Fate>('rotates', 'rotates', 'rotates', 'fails its test', 'changes late', 'never changes'),
  { maxLength: ACCOUNTS },
);

/** Stops and resumes rotations at random, with deaths between. */
export const checkStops = (numRuns: number): void => {
  describe('a rotation that is stopped and resumed', () => {
    it('at random moments, with deaths between, changes each account once, reports each once, and ends', async () => {
      const anyMoments = fc.array(fc.nat({ max: 400 }), { maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(
          anyRuns,
          anyFates,
          fc.constantFrom(...DEATHS),
          anyMoments,
          async (runs, fates, death, moments) => {
            const { broken } = await crash({ scenario: stoppedRotation(runs, fates), death, moments });
            expect(broken.join('\n')).toBe('');
          },
        ),
        { numRuns },
      );
    });
  });
};

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import { SCENARIOS } from '#test/support/crash-scenarios.ts';

const PAIRS = 200;

/** A moment as its share of all moments of a scenario, including the follow-up. */
const anyShare = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** A scenario, with one of its disturbances or none. */
const anyScenario = fc.constantFrom(
  ...Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
    [undefined, ...Object.values(scenario.disturbance ?? {})].map((disturbance) => ({ name, scenario, disturbance })),
  ),
);

describe('two deaths at random', () => {
  it('in or after any scenario leave nothing open, wrong, duplicated or lost', async () => {
    const momentsOf = new Map<string, number>();
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      momentsOf.set(name, (await crash({ scenario, death: 'function', moments: [], withFollowUp: true })).moments);
    }
    const anyShares = fc.tuple(anyShare, anyShare, anyShare);
    process.stdout.write(`${PAIRS} pairs of crash points\n`);
    await fc.assert(
      fc.asyncProperty(
        anyScenario,
        fc.constantFrom(...DEATHS),
        anyShares,
        async ({ name, scenario, disturbance }, death, shares) => {
          const [one = 0, other = 0, moment = 0] = shares.map((share) =>
            Math.floor(share * (momentsOf.get(name) ?? 0)),
          );
          const disturbed = disturbance && { ...disturbance, moment };
          const { broken } = await crash({
            scenario,
            death,
            moments: [one, other],
            disturbance: disturbed,
            withFollowUp: true,
          });
          if (broken.length > 0) throw new Error(`Killed at ${one} and ${other}: ${broken.join(' ')}`);
        },
      ),
      { numRuns: PAIRS },
    );
  }, 600_000);
});

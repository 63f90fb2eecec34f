import fc from 'fast-check';
import { describe, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import { STORIES } from '#test/support/crash-stories.ts';

const SEED = Number(process.env['CRASH_SEED'] ?? 1);
const PAIRS = 150;

/** More than any story has, what comes after it included: a moment counts as its share of them. */
const anyShare = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('two deaths at random', () => {
  it('in any story, or in what comes after it, leave nothing open, wrong, twice or lost', async () => {
    const momentsOf = new Map<string, number>();
    for (const [name, story] of Object.entries(STORIES)) {
      momentsOf.set(name, (await crash({ story, death: 'function', moments: [], goesOn: true })).moments);
    }
    const anyName = fc.constantFrom(...Object.keys(STORIES));
    process.stdout.write(`${PAIRS} pairs of crash points, CRASH_SEED=${SEED}\n`);
    await fc.assert(
      fc.asyncProperty(anyName, fc.constantFrom(...DEATHS), anyShare, anyShare, async (name, death, one, other) => {
        const story = STORIES[name];
        const total = momentsOf.get(name) ?? 0;
        if (story === undefined) throw new Error(`There is no story ${name}.`);
        const moments = [one, other].map((share) => Math.floor(share * total));
        const { broken } = await crash({ story, death, moments, goesOn: true });
        if (broken.length > 0) throw new Error(`Killed at ${moments.join(' and ')} of ${total}: ${broken.join(' ')}`);
      }),
      { seed: SEED, numRuns: PAIRS },
    );
  }, 300_000);
});

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import { STORIES } from '#test/support/crash-stories.ts';

const PAIRS = 200;

/** More than any story has, what comes after it included: a moment counts as its share of them. */
const anyShare = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** A story, and maybe something of what others may do in the middle of it. */
const anyStory = fc.constantFrom(
  ...Object.entries(STORIES).flatMap(([name, story]) =>
    [undefined, ...Object.values(story.meanwhile ?? {})].map((happens) => ({ name, story, happens })),
  ),
);

describe('two deaths at random', () => {
  it('in any story, or in what comes after it, leave nothing open, wrong, twice or lost', async () => {
    const momentsOf = new Map<string, number>();
    for (const [name, story] of Object.entries(STORIES)) {
      momentsOf.set(name, (await crash({ story, death: 'function', moments: [], goesOn: true })).moments);
    }
    const anyShares = fc.tuple(anyShare, anyShare, anyShare);
    process.stdout.write(`${PAIRS} pairs of crash points\n`);
    await fc.assert(
      fc.asyncProperty(
        anyStory,
        fc.constantFrom(...DEATHS),
        anyShares,
        async ({ name, story, happens }, death, shares) => {
          const [one = 0, other = 0, moment = 0] = shares.map((share) =>
            Math.floor(share * (momentsOf.get(name) ?? 0)),
          );
          const meanwhile = happens && { ...happens, moment };
          const { broken } = await crash({ story, death, moments: [one, other], meanwhile, goesOn: true });
          if (broken.length > 0) throw new Error(`Killed at ${one} and ${other}: ${broken.join(' ')}`);
        },
      ),
      { numRuns: PAIRS },
    );
  }, 300_000);
});

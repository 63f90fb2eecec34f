import { describe, expect, it } from 'vitest';
import { crash, type Death } from '#test/support/crash.ts';
import { STORIES } from '#test/support/crash-stories.ts';

/** Tells each story once for every moment at which something may die in it, and prints how many there were. */
export const killAtEveryMoment = (death: Death): void => {
  describe(`${death}s that die`, () => {
    it.each(Object.entries(STORIES))(
      'at any moment of %s leaves nothing open, wrong, twice or lost',
      async (name, story) => {
        const { moments, broken } = await crash({ story, death, moments: [] });
        expect(broken, 'nothing died').toEqual([]);
        for (let moment = 0; moment < moments; moment += 1) {
          const aftermath = await crash({ story, death, moments: [moment] });
          expect(aftermath.broken, `killed at moment ${moment} of ${moments}`).toEqual([]);
        }
        process.stdout.write(`${moments} crash points: ${death}s that die in ${name}\n`);
      },
      300_000,
    );
  });
};

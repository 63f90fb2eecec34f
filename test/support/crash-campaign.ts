import { describe, expect, it } from 'vitest';
import { type Crash, crash, type Death, type Meanwhile, type Story } from '#test/support/crash.ts';
import { STORIES } from '#test/support/crash-stories.ts';

type Happening = Pick<Crash, 'death' | 'moments' | 'meanwhile'>;

/** Tells a story once for every moment at which something may happen in it, and says how many there were. */
const tellForEveryMoment = async (story: Story, happening: (moment: number) => Happening): Promise<number> => {
  const { telling, broken } = await crash({ story, death: 'function', moments: [] });
  expect(broken, 'nothing happened').toEqual([]);
  for (const moment of telling) {
    const aftermath = await crash({ story, ...happening(moment) });
    expect(aftermath.broken, `at moment ${moment}`).toEqual([]);
  }
  return telling.length;
};

const PATIENCE_MS = 300_000;

/** Tells each story once for every moment at which something may die in it, and prints how many there were. */
export const killAtEveryMoment = (death: Death): void => {
  describe(`${death}s that die`, () => {
    it.each(Object.entries(STORIES))(
      'at any moment of %s leaves nothing open, wrong, twice or lost',
      async (name, story) => {
        const count = await tellForEveryMoment(story, (moment) => ({ death, moments: [moment] }));
        process.stdout.write(`${count} crash points: ${death}s that die in ${name}\n`);
      },
      PATIENCE_MS,
    );
  });
};

/** What may happen in the middle of each story. */
export const MEANWHILE: readonly (readonly [what: string, name: string, story: Story, happens: Meanwhile])[] =
  Object.entries(STORIES).flatMap(([name, story]) =>
    Object.entries(story.meanwhile ?? {}).map(([what, happens]) => [what, name, story, happens] as const),
  );

/** Lets whatever else goes on in the world happen at every moment of each story, and prints how many there were. */
export const happenAtEveryMoment = (): void => {
  describe('what others do', () => {
    it.each(MEANWHILE)(
      '(%s) at any moment of %s leaves nothing open, wrong, twice or lost',
      async (what, name, story, happens) => {
        const count = await tellForEveryMoment(story, (moment) => ({
          death: 'function',
          moments: [],
          meanwhile: { moment, happens },
        }));
        process.stdout.write(`${count} moments: ${what} in ${name}\n`);
      },
      PATIENCE_MS,
    );
  });
};

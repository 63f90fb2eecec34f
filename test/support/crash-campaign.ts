import { describe, expect, it } from 'vitest';
import { type Aftermath, crash, type Death, type Meanwhile, type Story } from '#test/support/crash.ts';
import { STORIES } from '#test/support/crash-stories.ts';

const undisturbed = new Map<Story, Map<Meanwhile['site'], Promise<Aftermath>>>();

/** What a story comes to when nothing happens in it, at the site that something else would need: told once. */
export const tellUndisturbed = async (story: Story, site?: Meanwhile['site']): Promise<Aftermath> => {
  const never = { moment: Number.POSITIVE_INFINITY, happens: async () => {}, isHarmless: true, site };
  const told = undisturbed.get(story) ?? new Map<Meanwhile['site'], Promise<Aftermath>>();
  undisturbed.set(story, told);
  const telling = told.get(site) ?? crash({ story, death: 'function', moments: [], meanwhile: never });
  told.set(site, telling);
  const aftermath = await telling;
  expect(aftermath.broken, 'nothing happened').toEqual([]);
  return aftermath;
};

/** Lets something happen at a moment, and sees that nothing is left open, wrong, twice or lost. */
export const tellDisturbed = async (story: Story, moment: number, meanwhile: Meanwhile): Promise<void> => {
  const { moments, ending } = await tellUndisturbed(story, meanwhile.site);
  const aftermath = await crash({ story, death: 'function', moments: [], meanwhile: { ...meanwhile, moment } });
  const at = `at moment ${moment} of ${moments}`;
  expect(aftermath.broken, at).toEqual([]);
  if (meanwhile.isHarmless === true) expect(aftermath.ending, at).toEqual(ending);
};

/** Which of its moments are tried; all that can lead to different ends when left out. */
type Choose = (undisturbed: Aftermath) => readonly number[];

const CHOOSE_ALL: Choose = ({ telling }) => telling;

/** Not the first ones: those of the sign-in are the same in every story. */
export const everyNth =
  (stride: number): Choose =>
  ({ telling }) =>
    telling.filter((_, index) => index % stride === Math.floor(stride / 2));

const PATIENCE_MS = 300_000;

/** Tells each story once for every moment at which something may die in it, and prints how many there were. */
export const killAtEveryMoment = (
  death: Death,
  stories: Readonly<Record<string, Story>> = STORIES,
  choose: Choose = CHOOSE_ALL,
): void => {
  describe(`${death}s that die`, () => {
    it.each(Object.entries(stories))(
      'at any moment of %s leaves nothing open, wrong, twice or lost',
      async (name, story) => {
        const moments = choose(await tellUndisturbed(story));
        for (const moment of moments) {
          const { broken } = await crash({ story, death, moments: [moment] });
          expect(broken, `at moment ${moment}`).toEqual([]);
        }
        process.stdout.write(`${moments.length} crash points: ${death}s that die in ${name}\n`);
      },
      PATIENCE_MS,
    );
  });
};

/** Something that happens in a story, by the names of both. */
export type Happens = readonly [what: string, name: string, story: Story, meanwhile: Meanwhile];

/** What may happen in the middle of each story. */
export const MEANWHILE: readonly Happens[] = Object.entries(STORIES).flatMap(([name, story]) =>
  Object.entries(story.meanwhile ?? {}).map(([what, meanwhile]): Happens => [what, name, story, meanwhile]),
);

/** What a stranger may send in the middle of each story. */
export const STRANGERS: readonly Happens[] = Object.entries(STORIES).flatMap(([name, story]) =>
  Object.entries(story.strangers ?? {}).map(([what, meanwhile]): Happens => [what, name, story, meanwhile]),
);

/** The same that may happen in the middle of any of these stories. */
export const inEach = (
  stories: Readonly<Record<string, Story>>,
  troubles: Readonly<Record<string, Meanwhile>>,
): Happens[] =>
  Object.entries(stories).flatMap(([name, story]) =>
    Object.entries(troubles).map(([what, meanwhile]): Happens => [what, name, story, meanwhile]),
  );

/** Lets such things happen at every moment of their stories, and prints how many there were. */
export const happenAtEveryMoment = (
  title: string,
  happenings: readonly Happens[],
  choose: Choose = CHOOSE_ALL,
): void => {
  describe(title, () => {
    it.each(happenings)(
      '(%s) at any moment of %s leaves nothing open, wrong, twice or lost',
      async (what, name, story, meanwhile) => {
        const moments = choose(await tellUndisturbed(story, meanwhile.site));
        for (const moment of moments) await tellDisturbed(story, moment, meanwhile);
        process.stdout.write(`${moments.length} moments: ${what} in ${name}\n`);
      },
      PATIENCE_MS,
    );
  });
};

import { describe, expect, it } from 'vitest';
import { type Aftermath, crash, DEATHS, type Story } from '#test/support/crash.ts';
import { MEANWHILE } from '#test/support/crash-campaign.ts';
import { STORIES } from '#test/support/crash-stories.ts';

/** The whole of it is `npm run test:campaigns`; here is every so manieth moment, each death another. */
const STRIDE = 61;

/** What a story comes to when nothing dies in it: the same whatever might have died. */
const undisturbed = new Map<Story, Promise<Aftermath>>();
const tellUndisturbed = (story: Story): Promise<Aftermath> => {
  const told = undisturbed.get(story) ?? crash({ story, death: 'function', moments: [] });
  undisturbed.set(story, told);
  return told;
};

describe.each(DEATHS)('%ss that die', (death) => {
  it.each(Object.entries(STORIES))('during %s leaves nothing open, wrong, twice or lost', async (_name, story) => {
    const { moments, broken } = await tellUndisturbed(story);
    expect(broken, 'nothing died').toEqual([]);
    for (let moment = 7 * (1 + DEATHS.indexOf(death)); moment < moments; moment += STRIDE) {
      const aftermath = await crash({ story, death, moments: [moment] });
      expect(aftermath.broken, `killed at moment ${moment} of ${moments}`).toEqual([]);
    }
  });
});

describe('what others do', () => {
  it.each(MEANWHILE)(
    '(%s) during %s leaves nothing open, wrong, twice or lost',
    async (_what, _name, story, happens) => {
      const { moments } = await tellUndisturbed(story);
      for (let moment = 28; moment < moments; moment += STRIDE) {
        const { broken } = await crash({ story, death: 'function', moments: [], meanwhile: { moment, happens } });
        expect(broken, `at moment ${moment} of ${moments}`).toEqual([]);
      }
    },
  );
});

import { describe, expect, it } from 'vitest';
import { SPOKEN_OF_FIRST } from '#test/support/checkout-stories.ts';
import { type Aftermath, crash, DEATHS } from '#test/support/crash.ts';
import { inEach, MEANWHILE, STRANGERS, tellDisturbed, tellUndisturbed } from '#test/support/crash-campaign.ts';
import { STORIES } from '#test/support/crash-stories.ts';
import type { PlayedStep } from '#test/support/mortal-steps.ts';
import { SHIFTS } from '#test/support/shifts.ts';
import { TROUBLES, TROUBLES_OF_ONE } from '#test/support/troubles.ts';
import { USED_ID_STORIES } from '#test/support/used-ids.ts';

/** The whole of it is `npm run test:campaigns`; here is every so manieth moment, each death another. */
const STRIDE = 97;

describe.each(DEATHS)('%ss that die', (death) => {
  it.each(Object.entries(STORIES))('during %s leaves nothing open, wrong, twice or lost', async (_name, story) => {
    const { moments } = await tellUndisturbed(story);
    for (let moment = 7 * (1 + DEATHS.indexOf(death)); moment < moments; moment += STRIDE) {
      const aftermath = await crash({ story, death, moments: [moment] });
      expect(aftermath.broken, `killed at moment ${moment} of ${moments}`).toEqual([]);
    }
  });
});

describe('what others do', () => {
  it.each(MEANWHILE)(
    '(%s) during %s leaves nothing open, wrong, twice or lost',
    async (_what, _name, story, meanwhile) => {
      const { moments } = await tellUndisturbed(story);
      for (let moment = 28; moment < moments; moment += STRIDE) await tellDisturbed(story, moment, meanwhile);
    },
  );
});

/** Of what takes campaigns of its own, one moment each. */
const middleOf = (steps: Aftermath['steps'], step: PlayedStep): number =>
  Math.floor((steps.indexOf(step) + steps.lastIndexOf(step)) / 2);

describe('what comes over a checkout', () => {
  const troubles = inEach(STORIES, { ...TROUBLES, ...TROUBLES_OF_ONE });
  const ofACheckout = [...troubles, ...STRANGERS].filter(([, name]) => name === 'a checkout');

  it.each(ofACheckout)(
    '(%s) while %s delivers leaves nothing open, wrong, twice or lost',
    async (_what, _name, story, meanwhile) => {
      const { steps } = await tellUndisturbed(story, meanwhile.site);
      await tellDisturbed(story, middleOf(steps, 'checkout/retrieve'), meanwhile);
    },
  );
});

describe('what others have said or done about an id before', () => {
  it.each(Object.entries({ ...USED_ID_STORIES, 'an id that somebody else spoke of first': SPOKEN_OF_FIRST }))(
    "(%s) opens nothing, and stands in nobody else's way",
    async (_name, story) => {
      await tellUndisturbed(story);
    },
  );
});

describe('pages that shift', () => {
  it.each(inEach(STORIES, SHIFTS).filter(([, name]) => name === 'a sync that retires orphans'))(
    '(%s) during %s delete nothing that is selected',
    async (_what, _name, story, meanwhile) => {
      const { steps } = await tellUndisturbed(story, meanwhile.site);
      await tellDisturbed(story, steps.indexOf('sync/plan'), meanwhile);
    },
  );
});

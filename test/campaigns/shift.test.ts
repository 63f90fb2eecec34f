import { happenAtEveryMoment, inEach } from '#test/support/crash-campaign.ts';
import { STORIES } from '#test/support/crash-stories.ts';
import { SHIFTS } from '#test/support/shifts.ts';

const LISTING = ['a first sync', 'a sync that retires orphans', 'a sync of Secrets Safe'];
const stories = Object.fromEntries(Object.entries(STORIES).filter(([name]) => LISTING.includes(name)));

/** One process plans at a time: after one call is before the next. */
happenAtEveryMoment('pages that shift', inEach(stories, SHIFTS), ({ steps }) =>
  steps.flatMap((step, moment) => (step === 'sync/plan' && moment % 2 === 0 ? [moment] : [])),
);

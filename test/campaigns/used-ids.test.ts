import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { USED_ID_STORIES } from '#test/support/used-ids.ts';

/** What comes after the planning is a checkout as any other. */
const PLANNING = ['authenticate', 'checkout/plan'];

killAtEveryMoment('execution', USED_ID_STORIES, ({ telling, steps }) =>
  telling.filter((moment) => PLANNING.includes(steps[moment] ?? '')),
);

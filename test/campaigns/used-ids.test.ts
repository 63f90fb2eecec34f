import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { USED_ID_STORIES } from '#test/support/used-ids.ts';

/** After the planning, such a checkout runs like any other, and the other campaigns cover it. */
const PLANNING = ['authenticate', 'checkout/plan'];

killAtEveryMoment('execution', USED_ID_STORIES, ({ telling, steps }) =>
  telling.filter((moment) => PLANNING.includes(steps[moment] ?? '')),
);

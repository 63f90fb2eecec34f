import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { USED_ID_SCENARIOS } from '#test/support/used-ids.ts';

/** After `plan`, such a checkout runs like any other; the other campaigns cover the rest. */
const PLANNING = ['authenticate', 'checkout/plan'];

killAtEveryMoment('execution', USED_ID_SCENARIOS, ({ distinctMoments, steps }) =>
  distinctMoments.filter((moment) => PLANNING.includes(steps[moment] ?? '')),
);

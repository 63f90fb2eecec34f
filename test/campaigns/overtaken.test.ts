import { disturbAtEveryMoment } from '#test/support/crash-campaign.ts';
import { FREEZES } from '#test/support/crash-scenarios.ts';

const STRIDE = 8;

/** Moments between the calls of deliveries. */
disturbAtEveryMoment('a function that is frozen between two calls', FREEZES, ({ steps }) =>
  steps.flatMap((step, moment) => (step === 'sync/retrieve' && moment % STRIDE === 0 ? [moment] : [])),
);

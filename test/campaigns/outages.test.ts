import { disturbAtEveryMoment, everyNth, inEach } from '#test/support/crash-campaign.ts';
import { SCENARIOS } from '#test/support/crash-scenarios.ts';
import { OUTAGES, OUTAGES_OF_ONE, SIMILAR_OUTAGES } from '#test/support/outages.ts';

const STRIDE = 23;

const whole = inEach(SCENARIOS, OUTAGES);
const ofOne = inEach(SCENARIOS, OUTAGES_OF_ONE).filter(([, , { isSequential }]) => isSequential);
const isACheckout = ([, name]: (typeof whole)[number]): boolean => name === 'a checkout';

disturbAtEveryMoment('outages', [...whole, ...ofOne].filter(isACheckout));

disturbAtEveryMoment(
  `outages at every ${STRIDE}th moment`,
  [...[...whole, ...ofOne].filter((disturbed) => !isACheckout(disturbed)), ...inEach(SCENARIOS, SIMILAR_OUTAGES)],
  everyNth(STRIDE),
);

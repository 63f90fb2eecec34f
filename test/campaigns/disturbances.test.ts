import { DISTURBANCES, disturbAtEveryMoment, everyNth } from '#test/support/crash-campaign.ts';
import { LONG_SCENARIOS } from '#test/support/crash-scenarios.ts';

const isLong = ([, name]: (typeof DISTURBANCES)[number]): boolean => Object.hasOwn(LONG_SCENARIOS, name);

disturbAtEveryMoment(
  'disturbances by others',
  DISTURBANCES.filter((disturbed) => !isLong(disturbed)),
);
disturbAtEveryMoment('disturbances by others, at every 4th moment', DISTURBANCES.filter(isLong), everyNth(4));

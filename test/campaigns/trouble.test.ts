import { everyNth, happenAtEveryMoment, inEach } from '#test/support/crash-campaign.ts';
import { STORIES } from '#test/support/crash-stories.ts';
import { SIMILAR_TROUBLES, TROUBLES, TROUBLES_OF_ONE } from '#test/support/troubles.ts';

const STRIDE = 23;

const whole = inEach(STORIES, TROUBLES);
const ofOne = inEach(STORIES, TROUBLES_OF_ONE).filter(([, , { isSequential }]) => isSequential);
const isACheckout = ([, name]: (typeof whole)[number]): boolean => name === 'a checkout';

happenAtEveryMoment('what comes over the relay', [...whole, ...ofOne].filter(isACheckout));

happenAtEveryMoment(
  `what comes over the relay, at every ${STRIDE}th moment`,
  [...[...whole, ...ofOne].filter((happens) => !isACheckout(happens)), ...inEach(STORIES, SIMILAR_TROUBLES)],
  everyNth(STRIDE),
);

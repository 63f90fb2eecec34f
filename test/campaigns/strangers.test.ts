import { describe, it } from 'vitest';
import { SPOKEN_OF_FIRST } from '#test/support/checkout-stories.ts';
import { everyNth, happenAtEveryMoment, STRANGERS, tellUndisturbed } from '#test/support/crash-campaign.ts';

const STRIDE = 23;

type Happens = (typeof STRANGERS)[number];
const isWhole = ([, name, , { isHarmless }]: Happens): boolean => name === 'a checkout' && isHarmless === true;

happenAtEveryMoment('what somebody else sends about an id', STRANGERS.filter(isWhole));

happenAtEveryMoment(
  `what somebody else sends about an id, at every ${STRIDE}th moment`,
  STRANGERS.filter((happens) => !isWhole(happens)),
  everyNth(STRIDE),
);

describe('all that somebody else may send about an id', () => {
  it('before anybody asks for a checkout of it leaves that as it is', async () => {
    await tellUndisturbed(SPOKEN_OF_FIRST);
  });
});

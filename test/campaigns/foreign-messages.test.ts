import { describe, it } from 'vitest';
import { ID_USED_BY_ANOTHER_SENDER } from '#test/support/checkout-scenarios.ts';
import { disturbAtEveryMoment, everyNth, FOREIGN_MESSAGES, runUndisturbed } from '#test/support/crash-campaign.ts';

const STRIDE = 23;

type DisturbedScenario = (typeof FOREIGN_MESSAGES)[number];
const isWhole = ([, name, , { isHarmless }]: DisturbedScenario): boolean =>
  name === 'a checkout' && isHarmless === true;

disturbAtEveryMoment('messages of other senders about an id', FOREIGN_MESSAGES.filter(isWhole));

disturbAtEveryMoment(
  `messages of other senders about an id, at every ${STRIDE}th moment`,
  FOREIGN_MESSAGES.filter((disturbed) => !isWhole(disturbed)),
  everyNth(STRIDE),
);

describe('all messages of another sender about an id', () => {
  it('have no effect on a later checkout with that id', async () => {
    await runUndisturbed(ID_USED_BY_ANOTHER_SENDER);
  });
});

import { everyNthOfEnd, FAILED_CALL, rotatingCheckout } from '#test/support/checkout-rotations.ts';
import { disturbAtEveryMoment, inEach, killAtEveryMoment } from '#test/support/crash-campaign.ts';

const BY_WINDOW = { 'a checkout that rotates at the end of its window': rotatingCheckout('window') };
const BY_MESSAGE = { 'a checkout that rotates at its release': rotatingCheckout('message') };
const BY_BOTH = { 'a checkout that is released at the end of its window': rotatingCheckout('both') };
const TWO = { 'two checkouts of an account that rotates': rotatingCheckout('message', ['CHG1', 'CHG2']) };

killAtEveryMoment('function', { ...BY_MESSAGE, ...BY_WINDOW }, everyNthOfEnd(2));
killAtEveryMoment('function', { ...BY_BOTH, ...TWO }, everyNthOfEnd(5));
killAtEveryMoment('step', { ...BY_MESSAGE, ...TWO }, everyNthOfEnd(9));
killAtEveryMoment('execution', { ...BY_MESSAGE, ...BY_BOTH, ...TWO }, everyNthOfEnd(9));
disturbAtEveryMoment(
  'a call that fails',
  inEach({ ...BY_MESSAGE, ...BY_WINDOW }, { 'a failed call': FAILED_CALL }),
  everyNthOfEnd(4),
);

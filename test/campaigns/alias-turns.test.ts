import { checkAliasTurns } from '#test/support/alias-property.ts';
import { aliasScenario } from '#test/support/alias-scenarios.ts';
import { FAILED_CALL } from '#test/support/checkout-rotations.ts';
import { disturbAtEveryMoment, inEach, killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { everyNthOfTurns } from '#test/support/turn-scenarios.ts';

const TURNS = { 'a turn of an alias': aliasScenario() };

killAtEveryMoment('function', TURNS, everyNthOfTurns(2));
killAtEveryMoment('execution', TURNS, everyNthOfTurns(5));
disturbAtEveryMoment('a call that fails', inEach(TURNS, { 'a failed call': FAILED_CALL }), everyNthOfTurns(3));
checkAliasTurns(30);

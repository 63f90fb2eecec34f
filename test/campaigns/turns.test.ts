import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { PAIR_SCENARIO } from '#test/support/pair-scenarios.ts';
import { everyNthOfRotation } from '#test/support/rotation-scenarios.ts';

const TURNS = { 'two turns of a pair': PAIR_SCENARIO };

killAtEveryMoment('function', TURNS, everyNthOfRotation(2));
killAtEveryMoment('step', TURNS, everyNthOfRotation(7));
killAtEveryMoment('execution', TURNS, everyNthOfRotation(5));

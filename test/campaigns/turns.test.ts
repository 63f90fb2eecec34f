import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { checkTurns } from '#test/support/pair-property.ts';
import { pairScenario } from '#test/support/pair-scenarios.ts';
import { momentsOfTurns } from '#test/support/turn-scenarios.ts';

const TURNS = { 'a turn of a pair': pairScenario() };

killAtEveryMoment('function', TURNS, momentsOfTurns);
killAtEveryMoment('step', TURNS, momentsOfTurns);
killAtEveryMoment('execution', TURNS, momentsOfTurns);
checkTurns(20);

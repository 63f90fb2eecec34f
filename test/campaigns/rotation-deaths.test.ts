import { killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { everyNthOfRotation, QUEUED_ROTATION, ROTATION } from '#test/support/rotation-scenarios.ts';

killAtEveryMoment('function', ROTATION, everyNthOfRotation(1));
killAtEveryMoment('function', QUEUED_ROTATION, everyNthOfRotation(4));
killAtEveryMoment('step', { ...ROTATION, ...QUEUED_ROTATION }, everyNthOfRotation(7));
killAtEveryMoment('execution', { ...ROTATION, ...QUEUED_ROTATION }, everyNthOfRotation(4));

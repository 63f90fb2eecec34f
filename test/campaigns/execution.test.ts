import { everyNth, killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { LONG_SCENARIOS, SHORT_SCENARIOS } from '#test/support/crash-scenarios.ts';

killAtEveryMoment('execution', SHORT_SCENARIOS);
killAtEveryMoment('execution', LONG_SCENARIOS, everyNth(4));

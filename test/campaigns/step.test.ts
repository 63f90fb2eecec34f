import { everyNth, killAtEveryMoment } from '#test/support/crash-campaign.ts';
import { LONG_SCENARIOS, SHORT_SCENARIOS } from '#test/support/crash-scenarios.ts';

killAtEveryMoment('step', SHORT_SCENARIOS);
killAtEveryMoment('step', LONG_SCENARIOS, everyNth(4));

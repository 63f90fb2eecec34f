import { killAtEveryMoment } from '#test/support/crash-campaign.ts';

killAtEveryMoment('step');

import { DISTURBANCES, disturbAtEveryMoment } from '#test/support/crash-campaign.ts';

disturbAtEveryMoment('disturbances by others', DISTURBANCES);

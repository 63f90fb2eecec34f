import { happenAtEveryMoment } from '#test/support/crash-campaign.ts';

happenAtEveryMoment();

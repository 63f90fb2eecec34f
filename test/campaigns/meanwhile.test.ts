import { happenAtEveryMoment, MEANWHILE } from '#test/support/crash-campaign.ts';

happenAtEveryMoment('what others do', MEANWHILE);

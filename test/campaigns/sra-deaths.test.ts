import { DEATHS } from '#test/support/crash.ts';
import { disturbSraAtMoments, killsOf } from '#test/support/sra-campaign.ts';

disturbSraAtMoments({ title: 'a killed process of a sync over a PRA site', stride: 3, cases: killsOf(DEATHS) });

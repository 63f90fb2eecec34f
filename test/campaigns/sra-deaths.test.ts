import { DEATHS } from '#test/support/crash.ts';
import { disturbSraAtMoments } from '#test/support/sra-campaign.ts';

disturbSraAtMoments(
  'a killed process of a sync over a PRA site',
  3,
  Object.fromEntries(DEATHS.map((death) => [death, (moment: number) => ({ death, at: [[moment, 'death']] as const })])),
);

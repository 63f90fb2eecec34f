import { DEATHS } from '#test/support/crash.ts';
import { disturbSraAtMoments, killsOf } from '#test/support/sra-campaign.ts';
import { SRA_ROTATION } from '#test/support/sra-scenarios.ts';

disturbSraAtMoments({
  title: 'a killed process of a rotation over a PRA site',
  scenario: SRA_ROTATION,
  stride: 17,
  cases: killsOf(DEATHS),
});

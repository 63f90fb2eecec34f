import { DEATHS } from '#test/support/crash.ts';
import { disturbSraAtMoments, killsOf } from '#test/support/sra-campaign.ts';
import { SRA_CHECKOUT } from '#test/support/sra-scenarios.ts';

disturbSraAtMoments({
  title: 'a killed process of a checkout over a PRA site',
  scenario: SRA_CHECKOUT,
  stride: 9,
  cases: killsOf(DEATHS),
});

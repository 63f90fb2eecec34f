import { disturbAtEveryMoment, inEach } from '#test/support/crash-campaign.ts';
import { SCENARIOS } from '#test/support/crash-scenarios.ts';
import { SHIFTS } from '#test/support/shifts.ts';

const LISTING = ['a first sync', 'a sync that retires orphans', 'a sync of Secrets Safe'];
const scenarios = Object.fromEntries(Object.entries(SCENARIOS).filter(([name]) => LISTING.includes(name)));

/** One process plans at a time, so the moments after a call and before the next are the same. */
disturbAtEveryMoment('pages that shift', inEach(scenarios, SHIFTS), ({ steps }) =>
  steps.flatMap((step, moment) => (step === 'sync/plan' && moment % 2 === 0 ? [moment] : [])),
);

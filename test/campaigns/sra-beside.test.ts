import { type Disturb, disturbSraAtMoments, type SraCampaign } from '#test/support/sra-campaign.ts';
import type { SraRelay } from '#test/support/sra-relay.ts';
import { checkoutOf, SRA_CHECKOUT, SRA_ROTATION, SYNC_ORDER } from '#test/support/sra-scenarios.ts';

/** Less than the longest invocation: a frozen function can still go on. */
const LONG_MINUTES = 12;

/** The execution is stopped and reaped, and a sync runs, before the function goes on. */
const overtake =
  (minutes: number): Disturb =>
  async (relay, stop) => {
    stop();
    for (const each of [1, minutes]) {
      relay.advance(each);
      await relay.reap();
    }
    await relay.sync('later', SYNC_ORDER);
  };

const syncBeside: Disturb = (relay) => relay.sync('beside', SYNC_ORDER);
const reapBeside: Disturb = (relay) => relay.reap();

/** A person checks out what is free, and checks it in a minute later. */
const visit: Disturb = async (relay: SraRelay) => {
  const { simulator, deliverable } = relay;
  const free = deliverable.filter(({ id }) =>
    simulator.accounts().some((one) => one.id === id && one.heldBy.length === 0),
  );
  for (const { id } of free) simulator.checkOutAs('lee', id);
  for (const { id } of free) simulator.checkInAs('lee', id);
};

const at =
  (what: Disturb): SraCampaign['cases'][string] =>
  (moment) => ({ at: [[moment, what]] });

const CASES = {
  'frozen until its run is reaped, and overtaken': at(overtake(1)),
  'frozen for long, and overtaken': at(overtake(LONG_MINUTES)),
  'beside a sync': at(syncBeside),
  'beside a reap': at(reapBeside),
  'beside the visit of a person': at(visit),
};

disturbSraAtMoments({
  title: 'a disturbed checkout over a PRA site',
  scenario: SRA_CHECKOUT,
  stride: 17,
  cases: { ...CASES, 'beside another checkout': at((relay) => relay.checkOut(checkoutOf(relay, 'CHG2'))) },
});

disturbSraAtMoments({
  title: 'a disturbed rotation over a PRA site',
  scenario: SRA_ROTATION,
  stride: 97,
  cases: CASES,
});

disturbSraAtMoments({
  title: 'a disturbed sync over a PRA site',
  stride: 37,
  cases: {
    'beside another sync': at(syncBeside),
    'beside two reaps at once': at((relay) => Promise.all([relay.reap(), relay.reap()])),
    'beside the visit of a person': at(visit),
  },
});

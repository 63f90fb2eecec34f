import { measureRun } from '#local/figures.ts';
import { startWorld, type World } from '#local/world.ts';
import type { Measured } from '../figure.ts';
import { changeSome, SEED } from '../worlds.ts';

const ACCOUNTS = 10_000;
const CHANGED = 10;
const HALF_AN_HOUR = 30 * 60_000;

/** Counts the checkouts of accounts that did not change since the previous run, from the vault's audit log. */
const checkoutsOfUnchanged = ({ vault }: World, from: number, changed: ReadonlySet<number>): number => {
  const deliverable = new Set(vault.accounts().flatMap(({ kind, accountId }) => (kind === 'plain' ? [accountId] : [])));
  return vault.audit
    .slice(from)
    .filter(({ kind }) => kind === 'request' || kind === 'credential')
    .flatMap(({ accountIds }) => accountIds)
    .filter((accountId) => deliverable.has(accountId) && !changed.has(accountId)).length;
};

/** Measures a run with few changes, like a typical hourly run. */
export const measureFewChanges = async (): Promise<Measured> => {
  // Without latency, which does not change counts and would add minutes to the first run of 10,000.
  const world = await startWorld({ accounts: ACCOUNTS, seed: SEED });
  try {
    await measureRun(world, () => {});
    world.clock.advance(HALF_AN_HOUR);
    const changed = changeSome(world, CHANGED);
    world.clock.advance(HALF_AN_HOUR);
    const before = world.vault.audit.length;
    const { vaultCalls, storeCalls, delivered, durationMs } = await measureRun(world, () => {});
    if (delivered !== CHANGED) throw new Error(`${delivered} credentials were delivered instead of ${CHANGED}.`);
    const name = '10,000 accounts of which 10 changed';
    return {
      figures: [
        { name: `vault calls, ${name}`, value: vaultCalls.total, unit: 'calls', target: { atMost: 60 }, kind: 'count' },
        {
          name: `store calls, ${name}`,
          value: storeCalls.total,
          unit: 'calls',
          target: { atMost: 160 },
          kind: 'count',
        },
        {
          name: `checkouts of unchanged accounts, ${name}`,
          value: checkoutsOfUnchanged(world, before, changed),
          unit: 'checkouts',
          target: { atMost: 0 },
          kind: 'count',
        },
      ],
      notes: [
        `The run took ${(durationMs / 1000).toFixed(1)} s without latency. Clients that do not compare would make 40,000 to 60,000 calls.`,
      ],
    };
  } finally {
    await world.close();
  }
};

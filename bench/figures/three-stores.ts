import { measureRun, type RunFigures } from '#local/figures.ts';
import { isDeliverableTo } from '#local/promises.ts';
import { LOCAL_STORES, type LocalStoreName } from '#local/stores.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { type Figure, type Measured, round } from '../figure.ts';
import { changeSome, plainFleet, SEED } from '../worlds.ts';

const ACCOUNTS = 1000;
const CHANGED = 10;
const HALF_AN_HOUR = 30 * 60_000;

/** Largest number of calls for one new secret: those of its delivery, and its part of the lists and of the sign-ins. */
const MAX_CALLS: Readonly<Record<LocalStoreName, number>> = { aws: 3.2, parameters: 3.2, openbao: 6.2 };

interface Runs {
  readonly full: RunFigures;
  readonly few: RunFigures;
  /** Deliverable accounts that a store did not get, over all stores. */
  readonly missing: number;
}

const missingAfter = ({ vault, stores }: World, { stores: delivered }: RunFigures): number =>
  stores.reduce((sum, local) => {
    const expected = vault.accounts().filter((account) => isDeliverableTo(local, account)).length;
    const { delivered: actual = 0 } = delivered.find(({ store }) => store === local.store) ?? {};
    return sum + expected - actual;
  }, 0);

/** A full sync, and one with few changes. Without latency, which does not change counts. */
const runTwice = async (stores: readonly LocalStoreName[]): Promise<Runs> => {
  const world = await startWorld({ accounts: 0, seed: SEED, populate: () => plainFleet(ACCOUNTS), stores });
  try {
    const full = await measureRun(world, () => {});
    const missing = missingAfter(world, full);
    world.clock.advance(HALF_AN_HOUR);
    changeSome(world, CHANGED);
    world.clock.advance(HALF_AN_HOUR);
    return { full, missing, few: await measureRun(world, () => {}) };
  } finally {
    await world.close();
  }
};

const callsTo = (store: LocalStoreName, { storeCalls }: RunFigures): number =>
  Object.entries(storeCalls).reduce((sum, [action, count]) => sum + (action.startsWith(`${store} `) ? count : 0), 0);

const deliveredTo = (store: LocalStoreName, run: RunFigures): number =>
  run.stores.find((one) => one.store === store)?.delivered ?? 0;

const callsPerCredential = (store: LocalStoreName, run: RunFigures): number =>
  callsTo(store, run) / deliveredTo(store, run);

/** Differences of two runs that deliver the same items to one store and to three. */
const beyondOne = (what: string, one: RunFigures, three: RunFigures): Figure[] => [
  {
    name: `vault calls of ${what} to three stores, beyond those to one`,
    value: three.vaultCalls.total - one.vaultCalls.total,
    unit: 'calls',
    target: { atMost: 0 },
    kind: 'count',
  },
  {
    name: `state transitions of ${what} to three stores, beyond those to one`,
    value: three.transitions - one.transitions,
    unit: 'transitions',
    target: { atMost: 0 },
    kind: 'count',
  },
];

const describe = (what: string, { full, few }: Runs): string =>
  `${what}: ${full.vaultCalls.total} vault calls, ${full.transitions} transitions and ${round(full.durationMs / 1000)} s for all; ${few.vaultCalls.total}, ${few.transitions} and ${round(few.durationMs / 1000)} s for ${CHANGED} changes.`;

/** Measures the cost of further stores, for a full sync and for a sync of few changes. */
export const measureThreeStores = async (): Promise<Measured> => {
  const one = await runTwice([NAMES.store]);
  const three = await runTwice(LOCAL_STORES);
  return {
    figures: [
      ...beyondOne('a full sync of 1,000', one.full, three.full),
      {
        name: 'deliveries that are missing in a store, full sync of 1,000 to three stores',
        value: three.missing,
        unit: 'deliveries',
        target: { atMost: 0 },
        kind: 'count',
      },
      ...LOCAL_STORES.map(
        (store): Figure => ({
          name: `calls per credential to the store ${store}, full sync of 1,000 to three stores`,
          value: callsPerCredential(store, three.full),
          unit: 'calls',
          target: { atMost: MAX_CALLS[store] },
          kind: 'count',
        }),
      ),
      ...beyondOne(`a sync of ${CHANGED} changes`, one.few, three.few),
    ],
    notes: [
      describe('One store', one),
      describe('Three stores', three),
      `${CHANGED} changes in three stores: ${LOCAL_STORES.map((store) => `${callsTo(store, three.few)} calls to ${store}`).join(', ')}, lists included.`,
    ],
  };
};

import { createCheckIn } from '#functions/sync/checkin/checkin.ts';
import { createRequest } from '#functions/sync/request/request.ts';
import { createRetrieve } from '#functions/sync/retrieve/retrieve.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { BatchItem, Target } from '#shared/domain/plan/batch.ts';
import type { Marker } from '#shared/leases/marker.ts';
import { type PlanRecord, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import type { BatchLease, BatchRun, SyncRun } from '#shared/workflows/sync.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import type { fakeVault } from '#test/support/fake-vault.ts';
import { type fakeStore, memoryOpenBatches, type memoryRecords, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

/** The batch under test in tests of single steps. */
export const aBatchRun = (order: Partial<SyncRun['order']> = {}): BatchRun => ({ ...aRun(order), batch: 0 });
/** The marker of its leases. */
export const BATCH_MARKER: Marker = {
  relayId: 'relay',
  workflow: 'sync',
  rule: 'databases',
  run: 'databases.1',
  batch: 0,
};

export const aTarget = (name: string, overrides: Partial<Target> = {}): Target => ({
  store: 'aws',
  name,
  stamp: `stamp of ${name}`,
  expected: 'absent',
  ...overrides,
});

/** The record of a plan without items. */
export const EMPTY_PLAN: PlanRecord = {
  planId: 'a'.repeat(64),
  items: 0,
  unchanged: {},
  unlisted: {},
  complete: true,
  remarks: [],
  backoffs: {},
  orphans: { found: 0, retiring: 0 },
  absences: {},
  notes: [],
  leastDuration: { seconds: 0, perSecond: 200 },
  calls: NO_CALLS,
};

/** A batch item with one target, named after the item's number. */
export const batchItem = (number: number, target: Partial<Target> = {}, item: Partial<Item> = {}): BatchItem => ({
  item: itemNumbered(number, item),
  targets: [aTarget(`prod/${number}`, target)],
});

/** A lease as one step passes it to the next. */
export const aLease = (position: number, overrides: Partial<BatchLease> = {}): BatchLease => ({
  item: position,
  id: String(101 + position),
  ours: true,
  status: 'active',
  ...overrides,
});

type Store = ReturnType<typeof fakeStore>;

export interface BatchScene {
  readonly vault: ReturnType<typeof fakeVault>;
  /** Keyed by their names in relay.yaml. */
  readonly stores: Readonly<Record<string, Store>>;
  readonly records: ReturnType<typeof memoryRecords>;
}

export interface BatchGiven {
  /** Settings of the sync rule. */
  readonly sync?: Record<string, unknown>;
  readonly order?: Partial<SyncRun['order']>;
}

/** Runs the three steps of a batch in the workflow's order and returns their results. */
export const goThrough = async (
  { vault, stores, records }: BatchScene,
  items: readonly BatchItem[],
  { sync = {}, order = {} }: BatchGiven = {},
) => {
  await records.write(recordAt.batch(BATCH_MARKER, 0), { items: [...items], retire: [] });
  const shared = {
    relayId: 'relay',
    config: aConfig(sync),
    vaultOf: async () => vault.vault,
    rulesOf: async (_connection: string, rule: Source) => rulesOf(rule),
    storeFor: async (store: string) => storeOf(stores, store),
    storeRules: async () => ({ recovery: 'days' }) as const,
    records,
    openBatches: memoryOpenBatches(),
    calls: () => NO_CALLS,
  };
  const run = aBatchRun(order);
  const requested = await createRequest(shared)(run);
  const retrieved = await createRetrieve(shared)({ ...run, requested }, { remainingMs: () => 900_000 });
  const { closed } = await createCheckIn(shared)({ ...run, requested, retrieved });
  const record = await records.read(recordAt.batchRecord(BATCH_MARKER, 0));
  return { requested, retrieved, closed, record };
};

const storeOf = (stores: BatchScene['stores'], name: string): SecretStore => {
  const known = stores[name];
  if (known === undefined) throw new RangeError(`There is no store ${name}.`);
  return known.store;
};

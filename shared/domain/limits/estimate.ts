import { showDuration } from '#shared/domain/duration.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';

/** Estimates from the limits of both sides, before a run begins. Pure. */

/** Pace of one store: its name in relay.yaml, and its writes; see `StorePacing` of the store port. */
export interface PaceOfStore {
  readonly store: string;
  readonly perSecond: number;
  readonly create: number;
  readonly replace: number;
}

/** Limits that a sync meets. */
export interface SyncLimits {
  /** The stores that are paced. */
  readonly stores: readonly PaceOfStore[];
  /** Calls to the vault per second. */
  readonly callsPerSecond: number;
  /** Calls to the vault for one item: open, read and close a lease, or read without one. */
  readonly callsPerItem: number;
}

/** Deliveries to one store: of new secrets, and of changed ones. */
export interface Deliveries {
  readonly created: number;
  readonly replaced: number;
}

/** Deliveries of a run: the number of items, and the deliveries to each store. */
export interface Workload {
  readonly items: number;
  readonly stores: Readonly<Record<string, Deliveries>>;
}

/** Time that the limits alone make a run last, and the store whose limit determines it; undefined for the vault. */
export interface LeastDuration {
  readonly seconds: number;
  readonly store?: string | undefined;
  readonly perSecond: number;
}

const NOTHING: Deliveries = { created: 0, replaced: 0 };

/** Minimum duration of a run by the limits of both sides, in whole seconds. A run is as slow as its slowest store. */
export const leastDuration = (
  { items, stores: deliveries }: Workload,
  { stores, callsPerSecond, callsPerItem }: SyncLimits,
): LeastDuration => {
  const byVault = { seconds: (items * callsPerItem) / callsPerSecond, perSecond: callsPerSecond };
  const slowest = stores.reduce<LeastDuration>((slowest, { store, perSecond, create, replace }) => {
    const { created, replaced } = deliveries[store] ?? NOTHING;
    // New and changed secrets count against different quotas.
    const seconds = Math.max(created * create, replaced * replace) / perSecond;
    return seconds >= slowest.seconds ? { seconds, store, perSecond } : slowest;
  }, byVault);
  return { ...slowest, seconds: Math.floor(slowest.seconds) };
};

/** Describes a least duration: `at least 2 min 5 s (40 writes per second to the store aws)`. Pure. */
export const describeLeast = ({ seconds, store, perSecond }: LeastDuration): string => {
  const limit = store === undefined ? 'calls per second to the vault' : `writes per second to the store ${store}`;
  return `at least ${showDuration(seconds * 1000)} (${perSecond} ${limit})`;
};

/** Counts the deliveries to all targets of some items. */
export const countDeliveries = (items: readonly BatchItem[]): Deliveries => {
  const targets = items.flatMap((item) => item.targets);
  const created = targets.filter(({ expected }) => expected === 'absent').length;
  return { created, replaced: targets.length - created };
};

/** Adds some items to a workload. */
export const addItems = ({ items, stores }: Workload, added: readonly BatchItem[]): Workload => {
  const total = new Map(Object.entries(stores));
  for (const { targets } of added) {
    for (const { store, expected } of targets) {
      const { created, replaced } = total.get(store) ?? NOTHING;
      const isNew = expected === 'absent';
      total.set(store, { created: created + (isNew ? 1 : 0), replaced: replaced + (isNew ? 0 : 1) });
    }
  }
  return { items: items + added.length, stores: Object.fromEntries(total) };
};

/** Writes to a store for some deliveries. */
export const writesOf = (
  { created, replaced }: Deliveries,
  { create, replace }: { readonly create: number; readonly replace: number },
): number => created * create + replaced * replace;

/** Half the time of a function, because others can use the limits as well. */
const MAX_STEP_SECONDS = 450;

/** Seconds of a store's pace that one batch may use. */
export const MAX_BATCH_SECONDS = 30;

/**
 * Number of items of a batch: at most `size`, and so few that its steps end within the time of their functions, and
 * that every store takes its writes within half a minute.
 */
export const batchItems = (
  size: number,
  { stores, callsPerSecond }: Pick<SyncLimits, 'stores' | 'callsPerSecond'>,
  concurrency: number,
): number => {
  const byVault = Math.floor((MAX_STEP_SECONDS * callsPerSecond) / concurrency);
  const byStores = stores.map(({ perSecond, replace }) => Math.floor((MAX_BATCH_SECONDS * perSecond) / replace));
  return Math.max(1, Math.min(size, byVault, ...byStores));
};

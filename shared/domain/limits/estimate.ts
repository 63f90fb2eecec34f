import type { BatchItem } from '#shared/domain/plan/batch.ts';

/** Estimates from the limits of both sides, before a run begins. Pure. */

/** Limits that a sync meets. */
export interface SyncLimits {
  /** Undefined if the store is not paced. */
  readonly store: { readonly perSecond: number; readonly create: number; readonly replace: number } | undefined;
  /** Calls to the vault per second. */
  readonly callsPerSecond: number;
  /** Calls to the vault for one item: open, read and close a lease, or read without one. */
  readonly callsPerItem: number;
}

/** Deliveries of new secrets and of changed ones. */
export interface Deliveries {
  readonly items: number;
  readonly created: number;
  readonly replaced: number;
}

/** Time that the limits alone make a run last, and the side whose limit determines it. */
export interface LeastDuration {
  readonly seconds: number;
  readonly by: 'store' | 'vault';
  readonly perSecond: number;
}

/** Minimum duration of a run by the limits of both sides, in whole seconds. */
export const leastDuration = (
  { items, created, replaced }: Deliveries,
  { store, callsPerSecond, callsPerItem }: SyncLimits,
): LeastDuration => {
  const vault = (items * callsPerItem) / callsPerSecond;
  // New and changed secrets count against different quotas.
  const writes = store && Math.max(created * store.create, replaced * store.replace) / store.perSecond;
  return store !== undefined && writes !== undefined && writes >= vault
    ? { seconds: Math.floor(writes), by: 'store', perSecond: store.perSecond }
    : { seconds: Math.floor(vault), by: 'vault', perSecond: callsPerSecond };
};

/** Adds up the deliveries of some items. */
export const countDeliveries = (items: readonly BatchItem[]): Deliveries => {
  const targets = items.flatMap((item) => item.targets);
  const created = targets.filter(({ expected }) => expected === 'absent').length;
  return { items: items.length, created, replaced: targets.length - created };
};

export const addDeliveries = (one: Deliveries, other: Deliveries): Deliveries => ({
  items: one.items + other.items,
  created: one.created + other.created,
  replaced: one.replaced + other.replaced,
});

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
 * that the store takes its writes within half a minute.
 */
export const batchItems = (
  size: number,
  { store, callsPerSecond }: Pick<SyncLimits, 'store' | 'callsPerSecond'>,
  concurrency: number,
): number => {
  const byVault = Math.floor((MAX_STEP_SECONDS * callsPerSecond) / concurrency);
  const byStore = store === undefined ? size : Math.floor((MAX_BATCH_SECONDS * store.perSecond) / store.replace);
  return Math.max(1, Math.min(size, byVault, byStore));
};

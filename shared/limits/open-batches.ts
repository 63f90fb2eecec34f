import { setTimeout as sleepFor } from 'node:timers/promises';
import { countDeliveries, MAX_BATCH_SECONDS, writesOf } from '#shared/domain/limits/estimate.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { RelayError } from '#shared/errors.ts';
import { limitAt, type OpenBatchesRecord } from '#shared/limits/limit-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { PacedStore } from '#shared/stores/store.ts';
import type { Run } from '#shared/workflows/run.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

/**
 * Batches whose leases wait for a store. A batch opens its leases only if the store can take its writes, and those of
 * all open batches, within half a minute at its pace. At half the pace, no lease waits longer than a minute.
 */
export interface OpenBatches {
  /**
   * Waits until the stores can take a batch. Raises `LimitReached` after a minute, and the errors of the records.
   * Repeatable.
   */
  enter(id: string, items: readonly BatchItem[]): Promise<void>;
  /** Ends the waiting of a batch whose leases are closed. No-op for a batch that did not enter. Repeatable. */
  leave(id: string, items: readonly BatchItem[]): Promise<void>;
}

/** Id of a batch among those of all runs. */
export const batchId = ({ run }: Pick<Run, 'run'>, batch: number): string => `${run}/${batch}`;

export interface OpenBatchesOptions {
  /** Pacing of a store of relay.yaml; undefined if it is not paced. */
  readonly pacingOf: (store: string) => Promise<PacedStore | undefined>;
  readonly records: SharedRecords;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** The following are replaced only in tests. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/** A batch that its run lost counts for this long: the time of a request and of a retrieve that follow each other. */
const MAX_OPEN_MS = 2 * MAX_INVOCATION_MS;

/** Maximum wait in one invocation. After it, the workflow waits, which costs less than a function that waits. */
const MAX_WAIT_MS = 60_000;

/** Time to leave for the step to end. */
const RESERVED_MS = 30_000;
const WAIT_MS = 2000;

export const createOpenBatches = ({
  pacingOf,
  records,
  remainingMs,
  now = Date.now,
  sleep = sleepFor,
  random = Math.random,
}: OpenBatchesOptions): OpenBatches => {
  /** Items by paced store, for the targets in that store alone. */
  const byStore = async (items: readonly BatchItem[]) => {
    const names = new Set(items.flatMap(({ targets }) => targets.map(({ store }) => store)));
    const paced = new Map<string, { readonly store: PacedStore; readonly items: BatchItem[] }>();
    for (const name of names) {
      const store = await pacingOf(name);
      if (store === undefined) continue;
      const own = items.flatMap(({ item, targets }) => {
        const here = targets.filter((target) => target.store === name);
        return here.length === 0 ? [] : [{ item, targets: here }];
      });
      paced.set(store.id, { store, items: [...(paced.get(store.id)?.items ?? []), ...own] });
    }
    return [...paced.values()];
  };

  const change = <R>(store: PacedStore, decide: Parameters<typeof changeRecord<OpenBatchesRecord, R>>[2]) =>
    changeRecord(records, limitAt.openBatches(store.id), decide, { sleep, random });

  return {
    async enter(id, items) {
      const giveUpAtMs = now() + Math.min(MAX_WAIT_MS, remainingMs() - RESERVED_MS);
      for (const { store, items: own } of await byStore(items)) {
        const batch = { id, writes: writesOf(countDeliveries(own), store) };
        while (!(await change(store, (current) => admit(current, store.perSecond, batch, now())))) {
          if (now() >= giveUpAtMs) throw storeBusy(store);
          await sleep(WAIT_MS * (0.5 + random()));
        }
      }
    },
    async leave(id, items) {
      for (const { store } of await byStore(items)) {
        await change(store, (current) => ({ next: without(current, id), result: undefined }));
      }
    },
  };
};

/** Decides on the admission of a batch. A batch alone is always admitted, however large it is. Pure. */
const admit = (
  current: OpenBatchesRecord | undefined,
  perSecond: number,
  batch: { readonly id: string; readonly writes: number },
  nowMs: number,
): { readonly next: OpenBatchesRecord | undefined; readonly result: boolean } => {
  const others = (current?.batches ?? []).filter(
    ({ id, untilMs }) => id !== batch.id && untilMs > nowMs && untilMs <= nowMs + 2 * MAX_OPEN_MS,
  );
  const open = others.reduce((total, { writes }) => total + writes, 0);
  const isAdmitted = others.length === 0 || open + batch.writes <= perSecond * MAX_BATCH_SECONDS;
  if (!isAdmitted) return { next: undefined, result: false };
  return { next: { batches: [...others, { ...batch, untilMs: nowMs + MAX_OPEN_MS }] }, result: true };
};

/** The record without a batch; undefined if it does not contain it. */
const without = (current: OpenBatchesRecord | undefined, id: string): OpenBatchesRecord | undefined =>
  current?.batches.some((batch) => batch.id === id)
    ? { batches: current.batches.filter((batch) => batch.id !== id) }
    : undefined;

const storeBusy = ({ id, perSecond }: PacedStore): RelayError =>
  new RelayError(
    'LimitReached',
    `${id}: earlier batches use all of its ${perSecond} writes per second. The step waits and is retried. If this persists, raise writesPerSecond of the store in relay.yaml, or spread the schedules of the syncs.`,
  );

import { setTimeout as sleepFor } from 'node:timers/promises';
import { countDeliveries, writesOf } from '#shared/domain/limits/estimate.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { RelayError } from '#shared/errors.ts';
import { admit, type OpenBatchesRecord, without } from '#shared/limits/admission.ts';
import { limitAt } from '#shared/limits/limit-records.ts';
import { MAX_WAIT_MS, RESERVED_MS } from '#shared/limits/waits.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { PacedStore } from '#shared/stores/store.ts';
import type { Run } from '#shared/workflows/run.ts';

/**
 * Batches whose leases wait for a store. A batch opens its leases only if the store can take its writes, and those of
 * all open batches, within half a minute at its pace. At half the pace, no lease waits longer than a minute. Batches
 * are admitted in the order in which they came.
 */
export interface OpenBatches {
  /**
   * Waits until the stores can take a batch. Raises `LimitReached` after a minute, and the errors of the records. The
   * batch keeps its place for the next attempt. Repeatable.
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
    // In the same order for every batch, so that two batches never wait for each other.
    return [...paced.values()].sort((one, other) => (one.store.id < other.store.id ? -1 : 1));
  };

  const change = <R>(store: PacedStore, decide: Parameters<typeof changeRecord<OpenBatchesRecord, R>>[2]) =>
    changeRecord(records, limitAt.openBatches(store.id), decide, { sleep, random });

  const leaveStore = (store: PacedStore, id: string) =>
    change(store, (current) => ({ next: without(current, id), result: undefined }));

  return {
    async enter(id, items) {
      const giveUpAtMs = now() + Math.min(MAX_WAIT_MS, remainingMs() - RESERVED_MS);
      const entered: PacedStore[] = [];
      for (const { store, items: own } of await byStore(items)) {
        const batch = { id, writes: writesOf(countDeliveries(own), store) };
        while (!(await change(store, (current) => admit(current, store.perSecond, batch, now())))) {
          if (now() >= giveUpAtMs) {
            // Others can use these stores while the batch waits for another one.
            await Promise.all(entered.map((one) => leaveStore(one, id)));
            throw storeBusy(store);
          }
          await sleep(WAIT_MS * (0.5 + random()));
        }
        entered.push(store);
      }
    },
    async leave(id, items) {
      for (const { store } of await byStore(items)) {
        await leaveStore(store, id);
      }
    },
  };
};

const storeBusy = ({ id, perSecond }: PacedStore): RelayError =>
  new RelayError(
    'LimitReached',
    `${id}: earlier batches use all of its ${perSecond} writes per second. The step waits and is retried. If this persists, raise writesPerSecond of the store in relay.yaml, or spread the schedules of the syncs.`,
  );

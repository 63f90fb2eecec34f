import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Pace, reserve, SLOW_MS, slowDown } from '#shared/domain/limits/pace.ts';
import { RelayError } from '#shared/errors.ts';
import { limitAt, type Priority } from '#shared/limits/limit-records.ts';
import { RESERVED_MS } from '#shared/limits/waits.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

/** Pace of the writes to one store, over all functions of the stack. */
export interface StorePace {
  /** Waits for the time of the next write under a quota. Raises `LimitReached` if the invocation ends before it. */
  take(quota: string): Promise<void>;
  /**
   * Halves the pace of a quota for a minute, because the store refused a write that kept the pace. Raises nothing: the
   * caller waits and tries again in any case.
   */
  slow(quota: string): Promise<void>;
}

export interface StorePaceOptions {
  /** Identifies the store among those of the stack. */
  readonly store: string;
  /** Writes per second under each quota. */
  readonly perSecond: number;
  readonly priority: Priority;
  readonly records: SharedRecords;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** The following are replaced only in tests. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/** Reserved times of one process begin at most this long from now, so that a checkout can reserve an early one. */
const MAX_AHEAD_MS: Readonly<Record<Priority, number>> = { person: 90_000, 'open-leases': 1000, fleet: 1000 };

/** A time that passed this long ago, while the process was frozen, is not used any more. */
const MAX_LATE_MS = 2000;

/** Time over which processes that wait for the same store spread their next attempts. */
const MIN_SPREAD_MS = 50;
const MAX_SPREAD_MS = 6400;

/** Attempts at a reservation while the records cannot be reached. */
const MAX_ATTEMPTS = 5;

/** Share of a second for which one process reserves at once: fewer calls of S3, against a shorter wait of others. */
const BLOCK_SECONDS = 0.25;

/** Creates the pace of a store for one process. */
export const createStorePace = (options: StorePaceOptions): StorePace => {
  const lines = new Map<string, () => Promise<void>>();
  const { store, records, now = Date.now, sleep = sleepFor, random = Math.random } = options;
  return {
    async take(quota) {
      const known = lines.get(quota) ?? createLine(options, quota);
      lines.set(quota, known);
      await known();
    },
    async slow(quota) {
      const slowing = changeRecord(
        records,
        limitAt.pace(store, quota),
        (pace) => {
          // Calls that were refused together slow the store once.
          const isSlow = (pace?.slowUntilMs ?? 0) > now() + SLOW_MS / 2;
          return { next: isSlow ? undefined : slowDown(pace, now()), result: undefined };
        },
        { sleep, random },
      );
      await slowing.catch(() => {});
    },
  };
};

/** The writes of one process under one quota, in their order. */
const createLine = (
  {
    store,
    perSecond,
    priority,
    records,
    remainingMs,
    now = Date.now,
    sleep = sleepFor,
    random = Math.random,
  }: StorePaceOptions,
  quota: string,
): (() => Promise<void>) => {
  const place = limitAt.pace(store, quota);
  const waiting: PromiseWithResolvers<void>[] = [];
  /** Reserved times that are not used yet, earliest first. */
  let times: number[] = [];
  /** Many processes that try again at the same time only get in each other's way. */
  let spreadMs = MIN_SPREAD_MS;
  let isServing = false;

  const usableMs = (): number => remainingMs() - RESERVED_MS;

  const reserveTimes = async (): Promise<void> => {
    const maxAheadMs = Math.min(MAX_AHEAD_MS[priority], usableMs());
    const writes = Math.min(waiting.length, Math.max(1, Math.floor(perSecond * BLOCK_SECONDS)));
    let attempts = 0;
    const reserved = await changeRecord(
      records,
      place,
      (pace: Pace | undefined) => {
        attempts++;
        const result = reserve(pace, { writes, perSecond, nowMs: now(), maxAheadMs });
        return { next: 'next' in result ? result.next : undefined, result };
      },
      { sleep, random },
    );
    spreadMs = attempts > 1 ? Math.min(MAX_SPREAD_MS, spreadMs * 2) : Math.max(MIN_SPREAD_MS, spreadMs / 2);
    if ('waitMs' in reserved) {
      if (reserved.waitMs + maxAheadMs > usableMs()) throw storeLimitReached(store, perSecond);
      return waitFor(reserved.waitMs + spreadMs * random());
    }
    const { firstAtMs, intervalMs } = reserved.reservation;
    times = Array.from({ length: writes }, (_, index) => firstAtMs + index * intervalMs);
  };

  const waitFor = async (ms: number): Promise<void> => {
    if (ms > usableMs()) throw storeLimitReached(store, perSecond);
    if (ms > 0) await sleep(ms);
  };

  /** Tries again if the records cannot be reached, because all waiting items would fail. */
  const reserveAgain = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await reserveTimes();
      } catch (error) {
        const isPassing = error instanceof RelayError && error.name === 'StoreUnavailable';
        if (!isPassing || attempt === MAX_ATTEMPTS) throw error;
        await waitFor(random() * 500 * 2 ** attempt);
      }
    }
  };

  const serveNext = async (): Promise<void> => {
    times = times.filter((atMs) => atMs > now() - MAX_LATE_MS);
    const [atMs, ...later] = times;
    if (atMs === undefined) return reserveAgain();
    await waitFor(atMs - now());
    times = later;
    waiting.shift()?.resolve();
  };

  const serve = async (): Promise<void> => {
    if (isServing) return;
    isServing = true;
    try {
      while (waiting.length > 0) await serveNext();
    } catch (error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    } finally {
      // In the same turn as the last look at `waiting`, so that no write comes in between and waits for ever.
      isServing = false;
    }
  };

  return async () => {
    const mine = Promise.withResolvers<void>();
    waiting.push(mine);
    void serve();
    await mine.promise;
  };
};

const storeLimitReached = (store: string, perSecond: number): RelayError =>
  new RelayError(
    'LimitReached',
    `${store}: other deliveries use all of its ${perSecond} writes per second. The item is delivered by the next run. If this persists, raise writesPerSecond of the store in relay.yaml, or spread the schedules of the syncs.`,
  );

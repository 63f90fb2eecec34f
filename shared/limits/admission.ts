import { MAX_BATCH_SECONDS } from '#shared/domain/limits/estimate.ts';
import { MAX_INVOCATION_MS, MAX_LIMIT_PAUSE_MS } from '#shared/workflows/step.ts';

/**
 * Admission of batches to a store, in the order in which they came. A batch that was refused keeps its place while it
 * pauses, so that smaller ones cannot pass it for ever. Pure. Times are epoch milliseconds.
 */

/** A batch that has open leases, or that waits to open them. */
interface StoreBatch {
  readonly id: string;
  /** Writes to the store under its busiest quota. */
  readonly writes: number;
  readonly state: 'waiting' | 'open';
  /** Time at which it came. */
  readonly sinceMs: number;
  /** End of its entry if it does not come again. */
  readonly untilMs: number;
}

export interface OpenBatchesRecord {
  readonly batches: readonly StoreBatch[];
}

/** A batch that its run lost counts for this long: a request, and a retrieve that waits for a limit, take no longer. */
const MAX_OPEN_MS = 3 * MAX_INVOCATION_MS;

/** Time for which a batch keeps its place: its pause, and a minute to start its function. */
const PLACE_MS = MAX_LIMIT_PAUSE_MS + 60_000;

/** A waiting batch renews its entry this long after it wrote it, so that polling rarely writes. */
const RENEW_MS = 15_000;

const writesOf = (batches: readonly StoreBatch[]): number => batches.reduce((total, { writes }) => total + writes, 0);

/**
 * Decides on the admission of a batch. It is admitted if the store can take its writes in time, beside those of open
 * batches and of those that came earlier. A batch that is alone is always admitted, however large it is. Repeatable.
 */
export const admit = (
  current: OpenBatchesRecord | undefined,
  perSecond: number,
  { id, writes }: { readonly id: string; readonly writes: number },
  nowMs: number,
): { readonly next: OpenBatchesRecord | undefined; readonly result: boolean } => {
  const batches = (current?.batches ?? []).filter(
    ({ untilMs }) => untilMs > nowMs && untilMs <= nowMs + 2 * MAX_OPEN_MS,
  );
  const known = batches.find((batch) => batch.id === id);
  const others = batches.filter((batch) => batch !== known);
  const sinceMs = known?.sinceMs ?? nowMs;
  const earlier = others.filter((other) => other.state === 'open' || isEarlier(other, { id, sinceMs }));
  const entered = (entry: Pick<StoreBatch, 'state' | 'untilMs'>): OpenBatchesRecord => ({
    batches: [...others, { id, writes, sinceMs, ...entry }],
  });
  const isRepeated = known?.state === 'open';
  if (isRepeated || earlier.length === 0 || writesOf(earlier) + writes <= perSecond * MAX_BATCH_SECONDS) {
    return { next: entered({ state: 'open', untilMs: nowMs + MAX_OPEN_MS }), result: true };
  }
  const untilMs = nowMs + PLACE_MS + RENEW_MS;
  const isCurrent = known?.state === 'waiting' && known.untilMs > untilMs - RENEW_MS;
  return { next: isCurrent ? undefined : entered({ state: 'waiting', untilMs }), result: false };
};

/** Ids break ties, so that two batches never wait for each other. */
const isEarlier = (one: Pick<StoreBatch, 'id' | 'sinceMs'>, other: Pick<StoreBatch, 'id' | 'sinceMs'>): boolean =>
  one.sinceMs < other.sinceMs || (one.sinceMs === other.sinceMs && one.id < other.id);

/** The record without a batch. Undefined if it does not contain it. */
export const without = (current: OpenBatchesRecord | undefined, id: string): OpenBatchesRecord | undefined =>
  current?.batches.some((batch) => batch.id === id)
    ? { batches: current.batches.filter((batch) => batch.id !== id) }
    : undefined;

/**
 * Pace of writes to a store. Every writer reserves times for its next writes in one record, which writers change by
 * compare-and-swap, so the writes of all processes together keep the pace. A process that dies loses only the times
 * that it reserved. Pure. Times are epoch milliseconds.
 */

export interface Pace {
  /** Time of the next write that no process has reserved. */
  readonly nextAtMs: number;
  /** The store was throttled: half the pace applies until this time. */
  readonly slowUntilMs?: number | undefined;
}

/** Times for some writes: the first one, and the interval to each next one. */
export interface Reservation {
  readonly firstAtMs: number;
  readonly intervalMs: number;
}

/** Pace that was not used may be made up for this long, so that the time of a reservation itself costs no writes. */
export const MAX_CREDIT_MS = 500;

/** No reservation is further ahead. One that is was written by a function with a wrong clock. */
const MAX_PLAUSIBLE_AHEAD_MS = 120_000;

/** Duration of half the pace after the store was throttled. */
export const SLOW_MS = 60_000;

const perSecondAt = (pace: Pace | undefined, perSecond: number, nowMs: number): number =>
  pace?.slowUntilMs !== undefined && pace.slowUntilMs > nowMs && pace.slowUntilMs <= nowMs + SLOW_MS
    ? perSecond / 2
    : perSecond;

/**
 * Reserves times for `writes`. Returns the wait in milliseconds instead if the first would be later than `maxAheadMs`
 * from now, so that a more urgent process can still reserve an earlier time.
 */
export const reserve = (
  pace: Pace | undefined,
  {
    writes,
    perSecond,
    nowMs,
    maxAheadMs,
  }: { readonly writes: number; readonly perSecond: number; readonly nowMs: number; readonly maxAheadMs: number },
): { readonly next: Pace; readonly reservation: Reservation } | { readonly waitMs: number } => {
  const nextAtMs = pace === undefined || pace.nextAtMs > nowMs + MAX_PLAUSIBLE_AHEAD_MS ? nowMs : pace.nextAtMs;
  const firstAtMs = Math.max(nextAtMs, nowMs - MAX_CREDIT_MS);
  const waitMs = firstAtMs - nowMs - maxAheadMs;
  if (waitMs > 0) return { waitMs };
  const intervalMs = 1000 / perSecondAt(pace, perSecond, nowMs);
  return {
    next: { ...pace, nextAtMs: firstAtMs + writes * intervalMs },
    reservation: { firstAtMs, intervalMs },
  };
};

/** Halves the pace for a minute. Reserved times stay. */
export const slowDown = (pace: Pace | undefined, nowMs: number): Pace => ({
  nextAtMs: pace?.nextAtMs ?? nowMs,
  slowUntilMs: nowMs + SLOW_MS,
});

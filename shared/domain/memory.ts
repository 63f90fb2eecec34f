import * as z from 'zod';
import { knownChangesSchema } from '#shared/domain/changes.ts';
import { type ItemRef, itemKey } from '#shared/domain/item.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_PARK_MS = 7 * DAY_MS;
/** Failures in a row, at the pace of the sync's schedule, before a target is parked. Retryable errors do not count. */
const FAILURES_BEFORE_PARKING = 3;

const backoffSchema = z.object({
  /**
   * `rotates`: the vault changes the credential after each of our check-ins; `approval`: a request needs an approval.
   */
  reason: z.enum(['rotates', 'approval', 'failing']),
  /** In a row. */
  times: z.int().min(1),
  /** Epoch milliseconds until which the item is parked. Absent while every run still tries it. */
  parkedUntil: z.int().optional(),
  /** Last failure, for the reports of the runs that skip the item. */
  failure: z.object({ name: z.enum(ERROR_NAMES), message: z.string() }).optional(),
});
export type Backoff = z.infer<typeof backoffSchema>;

/**
 * State that a sync keeps between runs: when its last release of each item ended, by a check-in or by expiry (epoch
 * milliseconds, by the vault's clock; keyed by `itemKey`), the backoff of targets that keep failing (keyed by
 * {@link backoffKey}), the secrets that have lost their item, and the last changes that the vault showed. Losing this
 * state costs repeated work and time, never correctness.
 */
export const memorySchema = z.object({
  version: z.literal(2),
  /** Last run that was added. Adding it again changes nothing. */
  run: z.string().optional(),
  checkIns: z.record(z.string(), z.int()),
  backoffs: z.record(z.string(), backoffSchema),
  /** By store: names of secrets that no item had in the last run with a complete list, and that none has had since. */
  absent: z.record(z.string(), z.array(z.string())),
  /** Absent if the vault shows the last change of all time, or none. */
  changes: knownChangesSchema.optional(),
});
export type Memory = z.infer<typeof memorySchema>;

export const emptyMemory = (): Memory => ({ version: 2, checkIns: {}, backoffs: {}, absent: {} });

/** Key of the backoff of one target. A target that keeps failing must not hold back the others of its item. */
export const backoffKey = (store: string, ref: ItemRef): string => `${store} ${itemKey(ref)}`;

/** Maximum of secrets that a sync can retire in one store and run, and therefore of absences to remember. */
export const MAX_ABSENT = 1000;

/**
 * Absences to remember after a run: those that it proves; if it proves none, the earlier ones without the names that it
 * saw again. Pure.
 */
export const absentAfter = (
  before: readonly string[],
  { absent, present = [] }: { readonly absent?: string[] | undefined; readonly present?: string[] | undefined },
): string[] => absent ?? before.filter((name) => !present.includes(name));

/** Milliseconds for which the n-th park in a row lasts: one day, doubled each time, at most one week. */
export const parkFor = (times: number): number => Math.min(MAX_PARK_MS, DAY_MS * 2 ** (times - 1));

/**
 * True if the credential changed so soon after our check-in that the check-in must have caused the change. Never
 * without a window: the vault then changes nothing after check-ins.
 */
export const followsOwnCheckIn = (
  changedAt: string | undefined,
  checkedInAt: number | undefined,
  windowMinutes: number,
): boolean => {
  if (changedAt === undefined || checkedInAt === undefined || windowMinutes === 0) return false;
  const afterMs = Date.parse(changedAt) - checkedInAt;
  return afterMs >= 0 && afterMs <= windowMinutes * 60_000;
};

/** True while a sync skips the target. */
export const isParked = (backoff: Backoff | undefined, now: number): boolean =>
  backoff?.parkedUntil !== undefined && now < backoff.parkedUntil;

/** Backoff of a target after one more rotation by the vault after a release. */
export const rotatesAgain = (before: Backoff | undefined, now: number): Backoff => {
  const times = before?.reason === 'rotates' ? before.times + 1 : 1;
  return { reason: 'rotates', times, parkedUntil: now + parkFor(times) };
};

/**
 * Backoff of a target after a run tried it; undefined if it has none. A retryable error leaves the backoff unchanged:
 * an outage of the vault or a store must not park all targets.
 */
export const backoffAfter = (
  before: Backoff | undefined,
  outcome: Outcome,
  failure: Backoff['failure'],
  now: number,
): Backoff | undefined => {
  if (outcome === 'approvalRequired') {
    const times = before?.reason === 'approval' ? before.times + 1 : 1;
    return { reason: 'approval', times, parkedUntil: now + parkFor(times) };
  }
  if (outcome === 'delivered') return before?.reason === 'rotates' ? { ...before, parkedUntil: undefined } : undefined;
  if (outcome === 'unchanged') return undefined;
  if (failure === undefined || isRetryable(failure.name)) return before;
  const times = before?.reason === 'failing' ? before.times + 1 : 1;
  const park =
    times >= FAILURES_BEFORE_PARKING ? { parkedUntil: now + parkFor(times - FAILURES_BEFORE_PARKING + 1) } : {};
  return { reason: 'failing', times, failure, ...park };
};

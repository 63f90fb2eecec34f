import * as z from 'zod';
import type { Outcome } from '#shared/domain/outcome.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_PARK_MS = 7 * DAY_MS;
/** A failure that waiting can't mend is tried this often, on the sync's own schedule, before it is parked. */
const FAILURES_BEFORE_PARKING = 3;

const troubleSchema = z.object({
  /** `rotates`: the vault changes it after each of our check-ins; `approval`: somebody would have to approve. */
  reason: z.enum(['rotates', 'approval', 'failing']),
  /** In a row. */
  times: z.int().min(1),
  /** Epoch milliseconds; until then the account is parked. Absent while it is still tried on each run. */
  parkedUntil: z.int().optional(),
  /** What it failed with last, for the reports of the runs that leave it alone. */
  failure: z.object({ name: z.enum(ERROR_NAMES), message: z.string() }).optional(),
});
export type Trouble = z.infer<typeof troubleSchema>;

/**
 * What a sync remembers from run to run, keyed by `itemKey`: when its releases of items last ended, by a check-in
 * or by themselves (epoch milliseconds, by the vault's clock), which ones are in trouble, and which secrets have lost theirs.
 * Losing it costs repeated work and time, never correctness.
 */
export const memorySchema = z.object({
  version: z.literal(1),
  /** The run that was added last, so that adding it again changes nothing. */
  run: z.string().optional(),
  checkIns: z.record(z.string(), z.int()),
  troubles: z.record(z.string(), troubleSchema),
  /** Names of secrets that no item had in the last run that saw everything the vault has, as long as no item has them again. */
  absent: z.array(z.string()).optional(),
});
export type Memory = z.infer<typeof memorySchema>;

export const emptyMemory = (): Memory => ({ version: 1, checkIns: {}, troubles: {} });

/** The most that a sync may retire in one run, and so the most absences that are worth remembering. */
export const MAX_ABSENT = 1000;

/**
 * The absences to remember after a run: those that it proves, or, where it proves none, those from before without what it saw
 * again. Pure.
 */
export const absentAfter = (
  before: Memory['absent'],
  { absent, present = [] }: { readonly absent?: string[] | undefined; readonly present?: string[] | undefined },
): Memory['absent'] => absent ?? before?.filter((name) => !present.includes(name));

/** How long the n-th park in a row lasts: a day, doubled each time, a week at most. */
export const parkFor = (times: number): number => Math.min(LONGEST_PARK_MS, DAY_MS * 2 ** (times - 1));

/** Whether the credential changed so soon after our own check-in that the check-in is what changed it. */
export const followsOwnCheckIn = (
  changedAt: string | undefined,
  checkedInAt: number | undefined,
  windowMinutes: number,
): boolean => {
  if (changedAt === undefined || checkedInAt === undefined) return false;
  const afterMs = Date.parse(changedAt) - checkedInAt;
  return afterMs >= 0 && afterMs <= windowMinutes * 60_000;
};

/** Whether a sync leaves the account alone for now. */
export const isParked = (trouble: Trouble | undefined, now: number): boolean =>
  trouble?.parkedUntil !== undefined && now < trouble.parkedUntil;

/** The trouble of an account whose vault rotates it after release, found once more. */
export const rotatesAgain = (before: Trouble | undefined, now: number): Trouble => {
  const times = before?.reason === 'rotates' ? before.times + 1 : 1;
  return { reason: 'rotates', times, parkedUntil: now + parkFor(times) };
};

/**
 * The trouble that an account is in after a run tried it; undefined when it is in none. Errors that pass by themselves
 * are no trouble of the account: an outage of the vault must not park a fleet.
 */
export const troubleAfter = (
  before: Trouble | undefined,
  outcome: Outcome,
  failure: Trouble['failure'],
  now: number,
): Trouble | undefined => {
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

import { parseInstant } from '#shared/domain/instant.ts';
import type { Evidence } from '#shared/domain/rotation/outcome.ts';

const DAY_MS = 86_400_000;

/** Maximum difference between the clocks of the vault and of a function. */
const MAX_SKEW_MS = 300_000;

export interface DatedItem extends Evidence {
  readonly id: string;
  readonly title: string;
}

interface Aged {
  readonly id: string;
  readonly title: string;
  readonly ageMs: number;
}

/** Ages of credentials. Items without a usable date have none: they are counted, never as new. */
export interface AgeReport {
  readonly oldest: Aged | undefined;
  /** Items that are older than the maximum, the oldest first. */
  readonly overdue: readonly Aged[];
  /** Items without a date. */
  readonly missing: number;
  /** Items with a date that cannot be read. */
  readonly unreadable: number;
  /** Items with a date later than now. */
  readonly future: number;
  /** `unknown` if no item is known to be too old, and the age of one is unknown, or there is none. */
  readonly isWithin: boolean | 'unknown';
}

/** Compares the ages of credentials with the configured maximum. `now` is in epoch milliseconds. Pure. */
export const reportAges = (items: readonly DatedItem[], maxAgeDays: number, now: number): AgeReport => {
  const aged: Aged[] = [];
  let missing = 0;
  let unreadable = 0;
  let future = 0;
  for (const { id, title, changedAt, hasUnreadableDate } of items) {
    const at = changedAt === undefined ? undefined : parseInstant(changedAt, undefined);
    if (hasUnreadableDate === true || (changedAt !== undefined && at === undefined)) unreadable += 1;
    else if (at === undefined) missing += 1;
    else if (at > now + MAX_SKEW_MS) future += 1;
    else aged.push({ id, title, ageMs: Math.max(0, now - at) });
  }
  const byAge = aged.toSorted((one, other) => other.ageMs - one.ageMs);
  const overdue = byAge.filter(({ ageMs }) => ageMs > maxAgeDays * DAY_MS);
  const isUnknown = aged.length === 0 || aged.length < items.length;
  const isWithin = overdue.length > 0 ? false : isUnknown ? 'unknown' : true;
  return { oldest: byAge[0], overdue, missing, unreadable, future, isWithin };
};

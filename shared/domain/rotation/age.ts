import { parseInstant } from '#shared/domain/instant.ts';
import type { Evidence } from '#shared/domain/rotation/outcome.ts';

const DAY_MS = 86_400_000;

/** Maximum difference between the clocks of the vault and of a function. */
const MAX_SKEW_MS = 300_000;

export interface DatedItem extends Evidence {
  readonly id: string;
  readonly title: string;
  /** Time since which a change would have a date, for vaults that show only recent ones. UTC ISO 8601. */
  readonly unchangedSince?: string | undefined;
}

interface Aged {
  readonly id: string;
  readonly title: string;
  /** At least; the exact age of an older credential can be unknown. */
  readonly ageDays: number;
}

/** An item whose age is not known: it has no date, one that cannot be read, or one that is later than now. */
interface Undated {
  readonly id: string;
  readonly title: string;
  readonly date: 'missing' | 'unreadable' | 'future';
}

/** Ages of credentials. */
export interface AgeReport {
  /** Undefined if the age of no item is known. */
  readonly oldest: Aged | undefined;
  /** Items that are older than the maximum, the oldest first. */
  readonly overdue: readonly Aged[];
  /** Never counted as new. */
  readonly undated: readonly Undated[];
}

/** Age of a credential in milliseconds, or the flaw of its date. */
const ageOf = ({ changedAt, hasUnreadableDate }: Evidence, now: number): number | Undated['date'] => {
  const at = changedAt === undefined ? undefined : parseInstant(changedAt, undefined);
  if (hasUnreadableDate === true || (changedAt !== undefined && at === undefined)) return 'unreadable';
  if (at === undefined) return 'missing';
  return at > now + MAX_SKEW_MS ? 'future' : Math.max(0, now - at);
};

/** Age that a credential without a date has at least, if that is too old; a younger one can have any age. */
const leastAgeOf = (unchangedSince: string | undefined, maxAgeDays: number, now: number): number | 'missing' => {
  const age = ageOf({ changedAt: unchangedSince }, now);
  return typeof age === 'number' && age > maxAgeDays * DAY_MS ? age : 'missing';
};

/** Compares the ages of credentials with the configured maximum. `now` is in epoch milliseconds. Pure. */
export const reportAges = (items: readonly DatedItem[], maxAgeDays: number, now: number): AgeReport => {
  const aged: Aged[] = [];
  const undated: Undated[] = [];
  for (const { id, title, unchangedSince, ...evidence } of items) {
    const shown = ageOf(evidence, now);
    const age = shown === 'missing' ? leastAgeOf(unchangedSince, maxAgeDays, now) : shown;
    if (typeof age === 'number') aged.push({ id, title, ageDays: age / DAY_MS });
    else undated.push({ id, title, date: age });
  }
  const byAge = aged.toSorted((one, other) => other.ageDays - one.ageDays);
  const overdue = byAge.filter(({ ageDays }) => ageDays > maxAgeDays);
  return { oldest: byAge[0], overdue, undated };
};

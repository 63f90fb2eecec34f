import type { ActivityEvent } from '#shared/connections/sra/reports/activity.ts';

/** Check-outs of all users, as far as events of an account prove them. */

/** Facts of the site about one account. */
export interface LeaseFacts {
  /** Events of its name, the earliest first. */
  readonly events: readonly ActivityEvent[];
  /** Number of listed accounts with its name. */
  readonly sharers: number;
  /** Time of its last check-out, epoch milliseconds; null if there was none, undefined if the list does not show it. */
  readonly lastCheckOutMs: number | null | undefined;
  /** Begin of the report, epoch milliseconds. */
  readonly shownSinceMs: number;
}

/** An open check-out, and the sessions that can use its credential. */
export interface OpenCheckOut {
  readonly kind: 'open';
  /** Start of the last one, if its user or others checked it out again while it was open. */
  readonly sinceMs: number;
  /** Start of the first one. */
  readonly firstMs: number;
  /** User of the first one. */
  readonly holder: string | undefined;
  /** Number of other users who have it checked out. */
  readonly others: number;
  readonly sessionIds: readonly string[];
  /** True if an event does not name the session in which the credential was used. */
  readonly hasNamelessUse: boolean;
}

/** `undated`: the time of its last check-out would decide. */
export type LeaseVerdict =
  | { readonly kind: 'closed' }
  | OpenCheckOut
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'undated' };

const CLOSED: LeaseVerdict = { kind: 'closed' };

/** Clocks and rounding, between the list of accounts and the report. */
const TOLERANCE_MS = 5000;

/** A check-out that no check-in has ended. */
interface Holding {
  readonly performer: string | undefined;
  readonly name: string | undefined;
  readonly firstMs: number;
  /** Start of the last one: a user can check an account out again while it is open. */
  readonly sinceMs: number;
}

/**
 * Check-outs that are open after these events. A check-in by their user ends them, and one by another user, such as a
 * forced one, ends the only one. Undefined if it can have ended one or all of several.
 */
const holdingsAfter = (events: readonly ActivityEvent[]): readonly Holding[] | undefined => {
  let open: readonly Holding[] = [];
  for (const { kind, performer, atMs } of events) {
    if (kind === 'checkedOut') {
      const others = open.filter((one) => one.performer !== performer?.key);
      const own = open.find((one) => performer !== undefined && one.performer === performer.key);
      const { firstMs } = own ?? { firstMs: atMs };
      open = [...others, { performer: performer?.key, name: performer?.name, firstMs, sinceMs: atMs }];
    }
    if (kind !== 'checkedIn') continue;
    const left = open.filter((one) => one.performer !== performer?.key);
    const isByAnother = left.length === open.length;
    if (isByAnother && open.length > 1) return undefined;
    open = isByAnother ? [] : left;
  }
  return open;
};

const unknown = (reason: string): LeaseVerdict => ({ kind: 'unknown', reason });

const AMBIGUOUS =
  'Several accounts have its name, and the activity report does not tell them apart. Give each account a name of its own.';
const DELETED = 'An account with its name was deleted, and the activity report does not tell them apart.';
const UNREACHED =
  'Its last check-out is older than the activity report, which does not show whether it ended. Check it in at the site.';
const UNSHOWN =
  'The activity report does not show its last check-out, so the account may have had another name. Check it in at the site.';
const UNNAMED =
  'Several users had checked it out, and a check-in by another user does not show whose check-out it ended.';
const UNKNOWN_EVENT =
  'The activity report has an event of an unknown type after its check-out, which may have ended it. Check it in the site.';
const SAME_SECOND = 'It was checked out and in within one second, in an order that the activity report does not prove.';

/** Kinds of event that can begin or end a check-out. */
const LEASE_KINDS: ReadonlySet<ActivityEvent['kind']> = new Set(['checkedOut', 'checkedIn', 'unknown']);

/** Reason why the events of a name say nothing about this account; undefined if they do. */
const doubtAbout = ({ events, sharers }: LeaseFacts): string | undefined => {
  if (!events.some(({ kind }) => LEASE_KINDS.has(kind))) return undefined;
  if (sharers > 1) return AMBIGUOUS;
  return events.some(({ kind }) => kind === 'deleted') ? DELETED : undefined;
};

/** Judges an account without an open check-out in the report. */
const judgeWithout = ({ events, lastCheckOutMs, shownSinceMs }: LeaseFacts, beforeMs: number): LeaseVerdict => {
  const known = events.filter(({ kind }) => kind === 'checkedOut' || kind === 'checkedIn');
  if (lastCheckOutMs === undefined || lastCheckOutMs === null) {
    // A new account had no earlier check-out.
    const isKnown = known.length > 0 || events.some(({ kind }) => kind === 'created');
    return isKnown ? CLOSED : { kind: 'undated' };
  }
  const lastMs = known.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  if (lastMs + TOLERANCE_MS >= lastCheckOutMs || lastCheckOutMs >= beforeMs) return CLOSED;
  return unknown(lastCheckOutMs < shownSinceMs ? UNREACHED : UNSHOWN);
};

const judgeOpen = (holdings: readonly Holding[], { events, lastCheckOutMs }: LeaseFacts): LeaseVerdict => {
  const firstMs = Math.min(...holdings.map((one) => one.firstMs));
  const sinceMs = Math.max(...holdings.map((one) => one.sinceMs));
  const after = events.filter(({ atMs }) => atMs >= firstMs);
  if (after.some(({ kind }) => kind === 'unknown')) return unknown(UNKNOWN_EVENT);
  if (after.some(({ kind, atMs }) => kind === 'checkedIn' && atMs === sinceMs)) return unknown(SAME_SECOND);
  const lastShownMs = Math.max(...after.filter(({ kind }) => kind === 'checkedOut').map(({ atMs }) => atMs));
  if (typeof lastCheckOutMs === 'number' && lastCheckOutMs > lastShownMs + TOLERANCE_MS) return unknown(UNSHOWN);
  const uses = after.filter(({ kind }) => kind === 'used');
  const sessionIds = after.flatMap(({ kind, data }) =>
    (kind === 'used' || kind === 'checkedOut') && data !== undefined ? [data] : [],
  );
  return {
    kind: 'open',
    sinceMs,
    firstMs,
    holder: holdings.find((one) => one.firstMs === firstMs)?.name,
    others: holdings.length - 1,
    sessionIds: [...new Set(sessionIds)],
    hasNamelessUse: uses.some(({ data }) => data === undefined),
  };
};

/**
 * Judges whether an account was checked out before a time, and still is. Only what the events prove is open or closed;
 * anything else is unknown. Pure.
 */
export const judgeLease = (facts: LeaseFacts, beforeMs: number): LeaseVerdict => {
  const { events, lastCheckOutMs } = facts;
  if (lastCheckOutMs === null && !events.some(({ kind }) => kind === 'checkedOut')) return CLOSED;
  const doubt = doubtAbout(facts);
  if (doubt !== undefined) return unknown(doubt);
  const holdings = holdingsAfter(events);
  if (holdings === undefined) return unknown(UNNAMED);
  if (holdings.length === 0) return judgeWithout(facts, beforeMs);
  return holdings.some(({ firstMs }) => firstMs < beforeMs) ? judgeOpen(holdings, facts) : CLOSED;
};

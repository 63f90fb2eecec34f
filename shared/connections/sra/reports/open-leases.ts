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

/** `undated`: the time of its last check-out, which has its id and not its name, would decide. */
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

/** Check-outs that are open together. */
type Reading = readonly Holding[];

/** More readings than this prove nothing. */
const MAX_READINGS = 64;

/**
 * Check-outs that can be open after an event. A check-in ends that of its user, or by force those of all. By a user
 * who has none, it ends the only one, or one or all of several. An event without a user can be by anyone.
 */
const after = (open: Reading, { kind, performer, atMs }: ActivityEvent): readonly Reading[] => {
  const own = open.find((one) => performer !== undefined && one.performer === performer.key);
  const others = open.filter((one) => one !== own);
  if (kind === 'checkedOut') {
    const firstMs = own?.firstMs ?? atMs;
    return [[...others, { performer: performer?.key, name: performer?.name, firstMs, sinceMs: atMs }]];
  }
  if (own !== undefined) return [others, []];
  return open.length < 2 ? [[]] : [[], ...open.map((ended) => open.filter((one) => one !== ended))];
};

/** Events of one second in the orders that can differ: the report does not prove which was first. */
const ordersOf = (second: readonly ActivityEvent[]): readonly (readonly ActivityEvent[])[] => {
  const outs = second.filter(({ kind }) => kind === 'checkedOut');
  const ins = second.filter(({ kind }) => kind === 'checkedIn');
  return outs.length === 0 || ins.length === 0
    ? [[...outs, ...ins]]
    : [
        [...ins, ...outs],
        [...outs, ...ins],
      ];
};

/** Check-outs that can be open after these events. Empty if there are too many possibilities. */
const readingsOf = (events: readonly ActivityEvent[]): readonly Reading[] => {
  let readings: readonly Reading[] = [[]];
  for (const second of Map.groupBy(events, ({ atMs }) => atMs).values()) {
    const next = ordersOf(second).flatMap((order) =>
      order.reduce<readonly Reading[]>((possible, event) => possible.flatMap((one) => after(one, event)), readings),
    );
    readings = [...new Map(next.map((reading) => [JSON.stringify(reading), reading])).values()];
    if (readings.length > MAX_READINGS) return [];
  }
  return readings;
};

const unknown = (reason: string): LeaseVerdict => ({ kind: 'unknown', reason });

const AMBIGUOUS =
  'Several accounts have its name, and the activity report does not tell them apart. Give each account a name of its own.';
const DELETED = 'An account with its name was deleted, and the activity report does not tell them apart.';
const UNREACHED =
  'Its last check-out is older than the activity report, which does not show whether it ended. Check it in at the site.';
const UNSHOWN =
  'The check-outs that the activity report shows by its name are not those of the account, which may have had another name. Check it in at the site.';
const UNPROVEN =
  'The activity report does not prove which check-out a check-in ended: several users had one, or both came within one second. Check it in at the site.';
const UNKNOWN_EVENT =
  'The activity report has an event of an unknown type after its check-out, which may have ended it. Check it in the site.';

/** Kinds of event that can begin or end a check-out. */
const LEASE_KINDS: ReadonlySet<ActivityEvent['kind']> = new Set(['checkedOut', 'checkedIn', 'unknown']);

/** Reason why the events of a name say nothing about this account; undefined if they do. */
const doubtAbout = ({ events, sharers, lastCheckOutMs }: LeaseFacts): string | undefined => {
  if (!events.some(({ kind }) => LEASE_KINDS.has(kind))) return undefined;
  if (sharers > 1) return AMBIGUOUS;
  if (events.some(({ kind }) => kind === 'deleted')) return DELETED;
  const lastShown = events.findLast(({ kind }) => kind === 'checkedOut');
  const isOfAnother =
    typeof lastCheckOutMs === 'number' && lastShown !== undefined && lastShown.atMs > lastCheckOutMs + TOLERANCE_MS;
  return isOfAnother ? UNSHOWN : undefined;
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

const judgeOpen = (holdings: Reading, { events, lastCheckOutMs }: LeaseFacts): LeaseVerdict => {
  const firstMs = Math.min(...holdings.map((one) => one.firstMs));
  const sinceMs = Math.max(...holdings.map((one) => one.sinceMs));
  const during = events.filter(({ atMs }) => atMs >= firstMs);
  if (during.some(({ kind }) => kind === 'unknown')) return unknown(UNKNOWN_EVENT);
  const lastShownMs = Math.max(...during.filter(({ kind }) => kind === 'checkedOut').map(({ atMs }) => atMs));
  if (lastCheckOutMs === undefined) return { kind: 'undated' };
  if (lastCheckOutMs === null || lastCheckOutMs > lastShownMs + TOLERANCE_MS) return unknown(UNSHOWN);
  const uses = during.filter(({ kind }) => kind === 'used');
  const sessionIds = during.flatMap(({ kind, data }) =>
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

const isClosed = ({ kind }: LeaseVerdict): boolean => kind === 'closed';

/**
 * Judges whether an account was checked out before a time, and still is. Only what the events prove is open or closed;
 * anything else is unknown. Pure.
 */
export const judgeLease = (facts: LeaseFacts, beforeMs: number): LeaseVerdict => {
  const { events, lastCheckOutMs } = facts;
  if (lastCheckOutMs === null && !events.some(({ kind }) => kind === 'checkedOut')) return CLOSED;
  const doubt = doubtAbout(facts);
  if (doubt !== undefined) return unknown(doubt);
  const [verdict, ...others] = readingsOf(events).map((holdings) => {
    if (holdings.length === 0) return judgeWithout(facts, beforeMs);
    return holdings.some(({ firstMs }) => firstMs < beforeMs) ? judgeOpen(holdings, facts) : CLOSED;
  });
  const isProven = verdict?.kind === 'closed' ? others.every(isClosed) : others.length === 0;
  return verdict !== undefined && isProven ? verdict : unknown(UNPROVEN);
};

/** Judges whether a session uses the credential, by whether each has ended. One that is not shown is unknown. Pure. */
export const isInUse = (
  { sessionIds, hasNamelessUse }: OpenCheckOut,
  ends: ReadonlyMap<string, boolean>,
): boolean | 'unknown' => {
  if (sessionIds.some((id) => ends.get(id) === false)) return true;
  return hasNamelessUse || sessionIds.some((id) => !ends.has(id)) ? 'unknown' : false;
};

import { type EventKind, kindOf } from '#shared/connections/sra/reports/event-kinds.ts';
import { type ReportQuery, readReport } from '#shared/connections/sra/reports/report.ts';
import { childOf, type XmlElement } from '#shared/connections/sra/reports/xml.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { RelayError } from '#shared/errors.ts';

/** The Vault account activity report: events of the last 90 days, with times of one second. */

export interface ActivityEvent {
  /** Epoch milliseconds of a whole second. */
  readonly atMs: number;
  readonly kind: EventKind;
  /** Name of the account in the form of {@link nameKey}. Several accounts can have it. */
  readonly account: string;
  /** Who did it: type, id and name together; undefined if the site does not say. */
  readonly performer: { readonly key: string; readonly name: string } | undefined;
  /** Details: the id of a session, for example. */
  readonly data: string | undefined;
}

/** The site keeps 90 days. One day less is certain. */
const SHOWN_MS = 89 * 86_400_000;
/** Difference of the clocks that loses no event. */
const MAX_SKEW_MS = 12 * 3_600_000;
/** A difference of the clocks, and as long again for events that the report shows late. */
const OVERLAP_MS = 2 * MAX_SKEW_MS;

const SECOND_MS = 1000;
/** A shorter report is not split. */
const MIN_SPLIT_MS = 60_000;

/** Span of a report in epoch milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Name of an account as an attribute of XML shows it. Pure. */
export const nameKey = (name: string): string => name.replace(/[\t\r\n]/g, ' ');

/** Longest span that a report shows for certain, or the part of it after `since`, UTC ISO 8601. Pure. */
export const spanSince = (nowMs: number, since?: string): Span => {
  const sinceMs = since === undefined ? Number.NaN : Date.parse(since);
  const earliestMs = nowMs - SHOWN_MS;
  return { fromMs: Number.isNaN(sinceMs) ? earliestMs : Math.max(earliestMs, sinceMs - OVERLAP_MS), toMs: nowMs };
};

/** Time since which a report shows all changes, by the clock of either side. Pure. */
export const shownSinceOf = ({ fromMs }: Span): string => new Date(fromMs + MAX_SKEW_MS).toISOString();

const performerIn = (row: XmlElement): ActivityEvent['performer'] => {
  const element = childOf(row, 'performed_by');
  if (element === undefined) return undefined;
  const { attributes, text } = element;
  return { key: JSON.stringify([attributes.get('type'), attributes.get('id'), text]), name: text.trim() };
};

const eventIn = (row: XmlElement): ActivityEvent | undefined => {
  const seconds = row.attributes.get('timestamp') ?? '';
  const account = row.attributes.get('account');
  if (!/^\d{1,11}$/.test(seconds) || account === undefined) return undefined;
  return {
    atMs: Number(seconds) * SECOND_MS,
    kind: kindOf(row.attributes.get('event_type') ?? ''),
    account: nameKey(account),
    performer: performerIn(row),
    data: childOf(row, 'data')?.text.trim() || undefined,
  };
};

const keyOf = ({ atMs, kind, account, performer, data }: ActivityEvent): string =>
  JSON.stringify([atMs, kind, account, performer?.key, data]);

/** Joins two halves, whose border second both have. Pure. */
export const joinHalves = (earlier: readonly ActivityEvent[], later: readonly ActivityEvent[]): ActivityEvent[] => {
  const [first] = later;
  if (first === undefined) return [...earlier];
  const known = new Set(earlier.filter(({ atMs }) => atMs >= first.atMs).map(keyOf));
  return [...earlier, ...later.filter((event) => !known.has(keyOf(event)))];
};

const isTooLarge = (error: unknown): boolean => error instanceof RelayError && error.name === 'AnswerTooLarge';

const queryOf = ({ fromMs, toMs }: Span, accountId: number | undefined, untilNow: boolean) => {
  const from = Math.max(0, Math.floor(fromMs / SECOND_MS));
  return {
    start_time: from,
    duration: untilNow ? 0 : Math.max(1, Math.floor(toMs / SECOND_MS) - from),
    limit: accountId === undefined ? undefined : `account:${accountId}`,
  };
};

/**
 * Events of a span, of one account or of all, the earliest first. A report that is too large is read in halves.
 * Repeatable. Errors: {@link readReport}.
 */
export const readActivity = async (
  session: Session,
  span: Span,
  { accountId, untilNow = true }: { readonly accountId?: number | undefined; readonly untilNow?: boolean } = {},
): Promise<readonly ActivityEvent[]> => {
  const report: ReportQuery<ActivityEvent> = {
    name: 'VaultAccountActivity',
    query: queryOf(span, accountId, untilNow),
    list: 'vault_account_activity_list',
    row: 'vault_account_activity',
    read: eventIn,
  };
  try {
    return (await readReport(session, report)).toSorted((one, other) => one.atMs - other.atMs);
  } catch (error) {
    const { fromMs, toMs } = span;
    if (!isTooLarge(error) || toMs - fromMs < MIN_SPLIT_MS) throw error;
    const middleMs = Math.floor((fromMs + toMs) / 2 / SECOND_MS) * SECOND_MS;
    const earlier = await readActivity(session, { fromMs, toMs: middleMs }, { accountId, untilNow: false });
    const later = await readActivity(session, { fromMs: middleMs, toMs }, { accountId, untilNow });
    return joinHalves(earlier, later);
  }
};

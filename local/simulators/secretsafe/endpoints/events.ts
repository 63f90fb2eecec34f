import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { eventRow, type LoggedEvent, type Position } from '../events.ts';
import { isGuid } from '../ids.ts';
import { badRequest, failure, invalid, list } from '../replies.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';

const PAGE = 50;
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MOST_DAYS = 367;
/** The filters that the server knows, of which it uses the first one that is given. */
const FILTERS = ['actingUserId', 'itemId', 'secretId', 'projectId'] as const;

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)?$/;

/** A date of the query in microseconds; undefined if it is absent. A blank in place of `+` is invalid. */
const dateIn = ({ query }: Call, name: 'start' | 'end'): number | undefined => {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const [, day, time = '00:00', fraction = '.0', zone = 'Z'] = text.match(DATE) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  if (day === undefined || Number.isNaN(ms)) {
    throw invalid({ [name === 'start' ? 'Start' : 'End']: [`The value '${text}' is not valid.`] });
  }
  return ms * 1000 + Math.floor(Number(fraction) * 1_000_000);
};

/** Both bounds, or else the last 30 days to the end of today. */
const windowOf = (call: Call, now: number): { readonly start: number; readonly end: number } => {
  const given = [dateIn(call, 'start'), dateIn(call, 'end')].filter((date) => date !== undefined);
  const [start = 0, end = 0] = given.toSorted((a, b) => a - b);
  if (given.length === 2) {
    if (end - start > MOST_DAYS * DAY_MS * 1000) throw badRequest('Date range must be < 367 days.');
    return { start, end };
  }
  const today = now - (now % DAY_MS);
  return { start: (today - DEFAULT_DAYS * DAY_MS) * 1000, end: (today + DAY_MS - 1) * 1000 };
};

const selectionOf = ({ query }: Call): ((event: LoggedEvent) => boolean) => {
  const given = FILTERS.map((name) => ({ name, id: query.get(name) ?? '' })).filter(({ id }) => id !== '');
  const wrong = given.find(({ id }) => !isGuid(id));
  if (wrong !== undefined) throw invalid({ [wrong.name]: [`The value '${wrong.id}' is not valid.`] });
  const [filter] = given;
  if (filter === undefined) return () => true;
  return (event) => event[filter.name] === filter.id.toLowerCase();
};

/** .NET counts in tenths of a microsecond from the year 1. */
const TICKS_OF_1970 = 621_355_968_000_000_000n;

/** A place in the list. The page after an empty page is not empty. */
interface Continuation {
  readonly before: Position;
  readonly afterEmptyPage: boolean;
}

const ANY_ORDER = -1;

/** A database continues with what is older than a date. Everything of that date is behind it. */
const dateToken = ({ before: { date }, afterEmptyPage }: Continuation): string =>
  `${BigInt(date) * 10n + TICKS_OF_1970}${afterEmptyPage ? '0' : ''}`;

const positionToken = ({ before: { date, order }, afterEmptyPage }: Continuation): string =>
  Buffer.from(JSON.stringify([date, order, afterEmptyPage])).toString('base64url');

const TICK_DIGITS = 18;

/** @throws Refusal: 500 for a token that the server did not issue */
const continuationIn = ({ query }: Call, { switches }: Site): Continuation | undefined => {
  const text = query.get('continuationToken') ?? '';
  if (text === '') return undefined;
  if (switches.eventTokens === 'date') {
    if (!/^\d{18,19}$/.test(text)) throw failure();
    const date = Number((BigInt(text.slice(0, TICK_DIGITS)) - TICKS_OF_1970) / 10n);
    return { before: { date, order: ANY_ORDER }, afterEmptyPage: text.length > TICK_DIGITS };
  }
  const [, date, order, flag] =
    Buffer.from(text, 'base64url')
      .toString()
      .match(/^\[(\d+),(\d+),(true|false)\]$/) ?? [];
  if (date === undefined) throw failure();
  return { before: { date: Number(date), order: Number(order) }, afterEmptyPage: flag === 'true' };
};

/** One page of the list, the newest first. */
const listEvents = (site: Site, call: Call): Reply => {
  const { events, switches, now } = site;
  const { start, end } = windowOf(call, now());
  const isSelected = selectionOf(call);
  const continuation = continuationIn(call, site);
  const tokenFor = switches.eventTokens === 'date' ? dateToken : positionToken;
  const last = switches.lastToken === 'empty' ? '' : null;
  if (!switches.plan.events) {
    if (switches.eventsWithoutPlan === 400) throw badRequest('This organization cannot use events.');
    return list([], last);
  }
  if (continuation !== undefined && !continuation.afterEmptyPage && switches.emptyPages === 'between') {
    return list([], tokenFor({ ...continuation, afterEmptyPage: true }));
  }
  const kept = (now() - switches.eventRetentionDays * DAY_MS) * 1000;
  const query = { start: Math.max(start, kept), end, isSelected, ...continuation };
  const rows = events.newest(query, PAGE + 1);
  const page = rows.slice(0, PAGE);
  const lastRow = page.at(-1);
  const hasMore =
    switches.emptyPages === 'at-end' ||
    (switches.emptyPages === 'after-full-page' ? page.length === PAGE : rows.length > PAGE);
  const token = hasMore && lastRow !== undefined ? tokenFor({ before: lastRow, afterEmptyPage: false }) : last;
  return list(
    page.map(({ event }) => eventRow(event)),
    token,
  );
};

export const eventEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: `${PUBLIC}/events`, kind: 'events', handle: listEvents },
];

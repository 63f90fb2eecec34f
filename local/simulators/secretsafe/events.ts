import type { Switches } from './switches.ts';

export const EVENT = {
  invited: 1500,
  confirmed: 1501,
  updated: 1502,
  removed: 1503,
  groupsChanged: 1504,
  revoked: 1511,
  restored: 1512,
  left: 1516,
  revokedForTwoFactor: 1520,
  revokedForSingleOrganization: 1521,
  staged: 1523,
  collectionUpdated: 1301,
  groupCreated: 1400,
  groupUpdated: 1401,
  policySaved: 1700,
} as const;

const SUBJECTS = [
  'actingUserId',
  'memberId',
  'itemId',
  'collectionId',
  'groupId',
  'policyId',
  'secretId',
  'projectId',
  'serviceAccountId',
  'installationId',
] as const;

/** Ids of the objects of an event, and of the person who acted: none for a call of the API. */
export type Subjects = Readonly<Partial<Record<(typeof SUBJECTS)[number], string>>>;

/** An event, which has no id. */
export interface LoggedEvent extends Subjects {
  readonly type: number;
  /** In microseconds since 1970. */
  readonly date: number;
  /** Text that the row shows instead of its date, in a form of its own. */
  readonly dateText?: string;
  readonly device?: number;
  readonly ipAddress?: string;
}

/** Events from before the start, in ascending order of their dates. Can be computed when they are asked for. */
export interface EventHistory {
  readonly count: number;
  at(index: number): LoggedEvent;
}

/** The place of a row. Rows of one date are ordered by their arrival. */
export interface Position {
  readonly date: number;
  readonly order: number;
}

interface Stored extends Position {
  readonly event: LoggedEvent;
  /** Time in milliseconds at which the row arrived. It is visible from then on, unless all rows are delayed. */
  readonly arrivedAt: number;
  readonly isLate: boolean;
}

/** The rows that a query selects: all dates are inclusive, and `before` is not. */
interface EventQuery {
  readonly start: number;
  readonly end: number;
  readonly before?: Position;
  readonly isSelected: (event: LoggedEvent) => boolean;
}

const isBefore = (a: Position, b: Position): boolean => a.date < b.date || (a.date === b.date && a.order < b.order);

/** Number of leading positions that lie before the limit. */
const countBefore = (count: number, at: (index: number) => Position, limit: Position): number => {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(at(middle), limit)) low = middle + 1;
    else high = middle;
  }
  return low;
};

const NONE: EventHistory = {
  count: 0,
  at() {
    throw new RangeError('There is no history.');
  },
};

/** The stored events of the organization. */
export class EventLog {
  readonly #history: EventHistory;
  readonly #rows: Stored[] = [];
  readonly #now: () => number;
  readonly #switches: Switches;
  #added = 0;
  #lastOwn = 0;

  constructor(now: () => number, switches: Switches, history: EventHistory = NONE) {
    this.#history = history;
    this.#now = now;
    this.#switches = switches;
  }

  /** Writes an event of the server itself. */
  record(type: number, subjects: Subjects): void {
    const clock = this.#now() * 1000;
    const isDistinct = this.#switches.eventDates === 'distinct';
    this.#lastOwn = isDistinct ? Math.max(clock, this.#lastOwn + 1) : clock;
    const event = { type, date: this.#lastOwn, ipAddress: '127.0.0.1', ...subjects };
    this.#insert(event, { arrivedAt: this.#now(), isLate: false });
  }

  /** Adds a row. A late one arrives now, any other one at its date. */
  add(event: LoggedEvent, isLate = false): void {
    this.#insert(event, { arrivedAt: isLate ? this.#now() : event.date / 1000, isLate });
  }

  #insert(event: LoggedEvent, arrival: Pick<Stored, 'arrivedAt' | 'isLate'>): void {
    this.#added += 1;
    const row = { date: event.date, order: this.#history.count + this.#added, event, ...arrival };
    const last = this.#rows.at(-1);
    const isLast = last === undefined || isBefore(last, row);
    this.#rows.splice(isLast ? this.#rows.length : countBefore(this.#rows.length, this.#rowAt, row), 0, row);
  }

  /** All rows that calls and tests have added, in the order of their dates, whether visible or not. */
  added(): readonly LoggedEvent[] {
    return this.#rows.map(({ event }) => event);
  }

  /** The visible rows of a query, the newest first, at most this many. */
  newest({ start, end, before, isSelected }: EventQuery, most: number): (Position & { readonly event: LoggedEvent })[] {
    const newestAllowed = { date: end, order: Number.POSITIVE_INFINITY };
    const limit = before !== undefined && isBefore(before, newestAllowed) ? before : newestAllowed;
    let past = countBefore(this.#history.count, this.#pastAt, limit);
    let added = countBefore(this.#rows.length, this.#rowAt, limit);
    const found: (Position & { readonly event: LoggedEvent })[] = [];
    while (found.length < most) {
      const row = this.#rows[added - 1];
      const old = past > 0 ? this.#pastAt(past - 1) : undefined;
      const isRow = row !== undefined && (old === undefined || isBefore(old, row));
      const next = isRow ? row : old;
      if (next === undefined || next.date < start) break;
      if (isRow) added -= 1;
      else past -= 1;
      if ((!isRow || this.#isVisible(row)) && isSelected(next.event)) found.push(next);
    }
    return found;
  }

  #isVisible({ arrivedAt, isLate }: Stored): boolean {
    return arrivedAt + (isLate ? 0 : this.#switches.eventDelayMs) <= this.#now();
  }

  readonly #rowAt = (index: number): Stored => {
    const row = this.#rows[index];
    if (row === undefined) throw new RangeError(`There is no row ${index}.`);
    return row;
  };

  readonly #pastAt = (index: number) => {
    const event = this.#history.at(index);
    return { date: event.date, order: index, event };
  };
}

/** Formats a date like the server, which drops trailing zeros of the fraction. */
const formatDate = (date: number): string => {
  const seconds = Math.floor(date / 1_000_000);
  const fraction = String(date - seconds * 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
};

/** The row of a list. */
export const eventRow = ({ type, date, dateText, device, ipAddress, ...subjects }: LoggedEvent) => ({
  object: 'event',
  type,
  ...Object.fromEntries(SUBJECTS.map((name) => [name, subjects[name] ?? null])),
  date: dateText ?? formatDate(date),
  device: device ?? null,
  ipAddress: ipAddress ?? null,
});

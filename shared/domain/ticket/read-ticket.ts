import { get, type Json } from '@hyperjump/json-pointer';
import { parseInstant } from '#shared/domain/instant.ts';
import type { Labels } from '#shared/domain/item.ts';
import { isPlainText } from '#shared/domain/text.ts';
import type { TicketState, TicketWindow, Wish } from '#shared/domain/ticket/ticket.ts';
import { RelayError } from '#shared/errors.ts';

/** Place of a label: a pointer, or a fixed text. */
type LabelPlace = string | { readonly text: string };

/** Places of everything in the body of a sender, as JSON pointers. */
export interface TicketPlaces {
  readonly number: string;
  readonly position: { readonly counter: string } | { readonly time: string };
  readonly state: string;
  readonly states: Readonly<Record<string, Wish>>;
  readonly onlyIf: Readonly<Record<string, string>>;
  readonly closeIf: Readonly<Record<string, string>>;
  readonly from?: string | undefined;
  readonly until: string;
  readonly timeZone?: string | undefined;
  readonly reason: string;
  readonly items: {
    readonly each?: string | undefined;
    readonly labels: Readonly<Record<string, LabelPlace>>;
    readonly max: number;
  };
}

const NUMBER = /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/;
const MAX_REASON = 500;
const MAX_LABEL = 246;
/** With a later date, arithmetic on dates could overflow. */
const MAX_MS = Date.UTC(9999, 0);

/** A refusal that the owner of the ticket understands. It repeats the number of the ticket and no other text of it. */
const refused = (number: string | undefined, place: string, problem: string): RelayError =>
  new RelayError('MessageInvalid', `${number === undefined ? 'A ticket' : `Ticket ${number}`}: ${place} ${problem}`);

const textAt = (body: Json, pointer: string): string | undefined => {
  const found = valueAt(body, pointer);
  if (typeof found === 'string') return found;
  // A larger number has lost digits, and could be that of another ticket.
  if (typeof found === 'number')
    return Number.isInteger(found) && !Number.isSafeInteger(found) ? undefined : String(found);
  return typeof found === 'boolean' ? String(found) : undefined;
};

/** The library raises an error for a pointer into a text or through a missing value. */
const valueAt = (body: Json, pointer: string): Json | undefined => {
  try {
    return get(pointer, body);
  } catch {
    return undefined;
  }
};

const positionIn = (body: Json, { position, timeZone }: TicketPlaces, number: string): number => {
  const isCounter = 'counter' in position;
  const place = isCounter ? position.counter : position.time;
  const text = textAt(body, place) ?? '';
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  const at = isCounter ? undefined : parseInstant(text, timeZone);
  if (at !== undefined && at >= 0) return at;
  const wanted = isCounter ? 'a whole number' : 'epoch milliseconds or a date with an offset';
  throw refused(number, place, `is not ${wanted}. Correct ticket.position of the webhook in relay.yaml.`);
};

const dateAt = (body: Json, place: string, timeZone: string | undefined, number: string): number => {
  const at = parseInstant(textAt(body, place) ?? '', timeZone);
  if (at !== undefined && at >= 0 && at < MAX_MS) return at;
  throw refused(
    number,
    place,
    `is not a date that can be understood. Enter the planned start and end of the ticket; its sender must write them with an offset, such as 2026-03-01T08:00:00Z${timeZone === undefined ? ', or relay.yaml must name their time zone' : ''}.`,
  );
};

const windowIn = (body: Json, { from, until, timeZone }: TicketPlaces, number: string, now: number): TicketWindow => {
  const end = dateAt(body, until, timeZone, number);
  // The end alone decides: a start at once is earlier than every state.
  const start = from === undefined ? Math.min(now, end) : dateAt(body, from, timeZone, number);
  if (start > end) throw refused(number, until, 'is before its start. Correct the planned end of the ticket.');
  return { from: start, until: end };
};

const labelsIn = (entry: Json, { labels }: TicketPlaces['items'], number: string): Labels =>
  Object.fromEntries(
    Object.entries(labels)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([label, place]) => {
        const text = typeof place === 'string' ? textAt(entry, place)?.trim() : place.text;
        if (text !== undefined && text !== '' && text.length <= MAX_LABEL && isPlainText(text)) return [label, text];
        const where = typeof place === 'string' ? place : label;
        throw refused(number, where, `does not contain the ${label} of an account. Enter the account in the ticket.`);
      }),
  );

const itemsIn = (body: Json, { items }: TicketPlaces, number: string): Labels[] => {
  const { each, max } = items;
  const entries = each === undefined ? [body] : valueAt(body, each);
  if (!Array.isArray(entries) || entries.length === 0) {
    throw refused(number, each ?? 'items', 'names no account. Enter the accounts that the ticket needs.');
  }
  if (entries.length > max) {
    throw refused(
      number,
      each ?? 'items',
      `names ${entries.length} accounts, more than the ${max} that one ticket may open. Split the ticket.`,
    );
  }
  const found = entries.map((entry) => labelsIn(entry, items, number));
  return [...new Map(found.map((labels) => [JSON.stringify(labels).toLowerCase(), labels])).values()];
};

const reasonIn = (body: Json, { reason }: TicketPlaces, number: string): string => {
  // Approvers read one line. Line breaks and other controls are normal in a ticket, and have no meaning here.
  const text = [...(textAt(body, reason) ?? '')].map((one) => (isPlainText(one) ? one : ' ')).join('');
  const short = text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_REASON).trim();
  if (short !== '') return short.isWellFormed() ? short : short.slice(0, -1);
  throw refused(number, reason, 'is empty. Enter a short description in the ticket.');
};

/** Part of a state that every body has. */
export interface TicketHead {
  readonly number: string;
  readonly position: number;
  readonly wish: Wish;
}

/** Reads the number, the position and the wish of a body. Raises `MessageInvalid`. Pure. */
export const readHead = (body: Json, places: TicketPlaces): TicketHead => {
  const number = textAt(body, places.number);
  if (number === undefined || !NUMBER.test(number)) {
    throw refused(undefined, places.number, 'is not the number of a ticket. Correct ticket.number in relay.yaml.');
  }
  const position = positionIn(body, places, number);
  const state = textAt(body, places.state) ?? '';
  const mapped = Object.hasOwn(places.states, state) ? places.states[state] : undefined;
  const isAllowed = Object.entries(places.onlyIf).every(([place, text]) => textAt(body, place) === text);
  const isOver = Object.entries(places.closeIf).some(([place, text]) => textAt(body, place) === text);
  if (isOver) return { number, position, wish: 'close' };
  const wish = mapped === undefined ? 'ignore' : isAllowed ? mapped : closedFor(mapped);
  return { number, position, wish };
};

/** Access that a ticket asks for now, by its ticket system; `unknown` if the body lacks a field that decides it. */
export type Shown = 'open' | 'closed' | 'unknown';

/**
 * Reads if a ticket still asks for access, from a body that a look has read. A field that is not shown is no reason to
 * close anything: its absence can be a missing right. Pure.
 */
export const readShown = (body: Json, places: TicketPlaces): Shown => {
  const has = ([place, text]: readonly [string, string]): boolean => textAt(body, place) === text;
  if (Object.entries(places.closeIf).some(has)) return 'closed';
  const state = textAt(body, places.state);
  if (state === undefined) return 'unknown';
  const mapped = Object.hasOwn(places.states, state) ? places.states[state] : undefined;
  if (mapped === 'close') return 'closed';
  if (mapped === undefined || mapped === 'ignore') return 'open';
  const conditions = Object.entries(places.onlyIf);
  if (conditions.some(([place]) => textAt(body, place) === undefined)) return 'unknown';
  return conditions.every(has) ? 'open' : 'closed';
};

/**
 * Reads a state from the body of a sender. A state that asks for nothing, or for the end, needs neither dates nor
 * items, so that a wrong ticket can always be closed. Raises `MessageInvalid` with a reason that the owner of the
 * ticket understands. Pure.
 */
export const readTicket = (body: Json, places: TicketPlaces, now: number): TicketState => {
  const { number, position, wish } = readHead(body, places);
  switch (wish) {
    case 'open':
      return {
        number,
        position,
        wish,
        window: windowIn(body, places, number, now),
        items: itemsIn(body, places, number),
        reason: reasonIn(body, places, number),
      };
    case 'extend':
    case 'shorten':
      return { number, position, wish, until: dateAt(body, places.until, places.timeZone, number) };
    case 'close':
    case 'ignore':
      return { number, position, wish };
  }
};

/** A ticket whose approval was withdrawn is closed. */
const closedFor = (wish: Wish): Wish => (wish === 'ignore' ? 'ignore' : 'close');

import * as z from 'zod';
import { isTooFarAhead } from '#shared/domain/checkout/window.ts';
import type { Labels } from '#shared/domain/item.ts';

/**
 * Life of a ticket: which access its states ask for, in whatever order they arrive.
 *
 * Each state has a position. `open` and `close` say everything about a ticket, so of them the one with the highest
 * position counts. `extend` and `shorten` say only its end: they apply to the `open` before them, in the order of their
 * positions, even if they arrive before it. `ignore` says nothing.
 *
 * An opening is one checkout. A ticket that is reopened, moved, or names other items gets a new one. Its count comes
 * from the record, never from the ticket.
 */

/** Wishes that a state of a ticket can express. */
export const WISHES = ['open', 'extend', 'shorten', 'close', 'ignore'] as const;
export type Wish = (typeof WISHES)[number];

/** A window in epoch milliseconds. */
export interface TicketWindow {
  readonly from: number;
  readonly until: number;
}

/** A state of a ticket, from a sender. */
export type TicketState = { readonly number: string; readonly position: number } & (
  | { readonly wish: 'close' | 'ignore' }
  | { readonly wish: 'extend' | 'shorten'; readonly until: number }
  | {
      readonly wish: 'open';
      readonly window: TicketWindow;
      readonly items: readonly Labels[];
      readonly reason: string;
    }
);

const windowSchema = z.object({ from: z.int(), until: z.int() });

/** An `extend` or a `shorten`. */
const endSchema = z.object({ wish: z.enum(['extend', 'shorten']), until: z.int(), position: z.int() });
type End = z.infer<typeof endSchema>;

const openingSchema = z.object({
  /** Counts the openings of the ticket, from 1. */
  count: z.int().min(1),
  /** Rule of its checkout, whatever the route uses by now. */
  checkout: z.string(),
  /** The request, which never changes: a message with the same id and another content is refused. */
  request: z.object({
    items: z.array(z.record(z.string(), z.string())),
    reason: z.string(),
    window: windowSchema,
    ticket: z.string().optional(),
  }),
  /** End by the latest `open`. */
  until: z.int(),
  /** Latest end of an opening that replaced a running one, so that no edit of its items extends the access. */
  limit: z.int().optional(),
  /** Last end that differs from the one before. The revision orders the ends, whenever their steps are done. */
  end: z.object({ until: z.int(), revision: z.int().min(1) }).optional(),
});

/** Record of a ticket. */
export const ticketSchema = z.object({
  route: z.string(),
  number: z.string(),
  /** Position of the latest `open` or `close`. */
  position: z.int().optional(),
  /** Every `extend` and `shorten` since then. */
  ends: z.array(endSchema),
  /** Position of the latest `open` that was refused. No older one applies. */
  refused: z.int().optional(),
  /** The latest opening. */
  opening: openingSchema.optional(),
  isOpen: z.boolean(),
  /** Openings that are over, and are not known as released. */
  unreleased: z.array(z.object({ count: z.int().min(1), checkout: z.string() })),
});
export type Ticket = z.infer<typeof ticketSchema>;
type Opening = NonNullable<Ticket['opening']>;
type Wanted = Extract<TicketState, { readonly wish: 'open' }>;

/** Settings of the route of a ticket. */
export interface TicketTerms {
  readonly route: string;
  /** Rule under checkouts. */
  readonly checkout: string;
  /** Longest extension that the rule allows. */
  readonly maxExtensionMs: number;
  /** True if the number goes to the vault with the request. */
  readonly sendNumber: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Most ends that a record keeps. */
const MAX_ENDS = 50;

/** Ends in the order in which they apply. Of two with one position, the one that shortens comes last. */
const inOrder = (ends: readonly End[]): End[] =>
  ends.toSorted(
    (one, other) => one.position - other.position || (one.wish === other.wish ? 0 : one.wish === 'extend' ? -1 : 1),
  );

/** End after ends in their order. */
const applyEnds = (until: number, ends: readonly End[]): number =>
  ends.reduce((end, one) => (one.wish === 'extend' ? Math.max : Math.min)(end, one.until), until);

/** Latest end that the rule allows. */
const limitOf = ({ limit, request }: Opening, { maxExtensionMs }: Pick<TicketTerms, 'maxExtensionMs'>): number =>
  limit ?? request.window.until + maxExtensionMs;

/** End that the states ask for, as far as the rule allows it. */
const foldEnds = (opening: Opening, ends: readonly End[], terms: TicketTerms): number =>
  Math.min(applyEnds(opening.until, inOrder(ends)), limitOf(opening, terms));

const currentEnd = ({ end, request }: Opening): number => end?.until ?? request.window.until;

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The record with its latest ends. The earlier ones become part of the end of its opening, so none is undone. */
const withinLimit = (ticket: Ticket): Ticket => {
  const ends = inOrder(ticket.ends);
  const earlier = ends.slice(0, -MAX_ENDS);
  const { opening } = ticket;
  if (earlier.length === 0) return { ...ticket, ends };
  const kept = { ...ticket, ends: ends.slice(-MAX_ENDS) };
  return opening === undefined ? kept : { ...kept, opening: { ...opening, until: applyEnds(opening.until, earlier) } };
};

/** The record with the end that its states ask for. */
const withEnd = (ticket: Ticket, terms: TicketTerms): Ticket => {
  const { opening, ends } = ticket;
  if (opening === undefined) return ticket;
  const until = foldEnds(opening, ends, terms);
  if (until === currentEnd(opening)) return ticket;
  return { ...ticket, opening: { ...opening, end: { until, revision: (opening.end?.revision ?? 0) + 1 } } };
};

/** The record without its opening, which is to be released. An equal record if nothing is open. Pure. */
export const withoutOpening = (ticket: Ticket): Ticket => {
  const { opening, isOpen, unreleased } = ticket;
  if (opening === undefined || !isOpen) return ticket;
  const { count, checkout } = opening;
  return { ...ticket, isOpen: false, unreleased: [...unreleased, { count, checkout }] };
};

/** Items as a text that differs only for other items: the vault ignores case, and a ticket lists them in any order. */
const sameItems = (items: readonly Labels[]): string =>
  items
    .map((labels) =>
      JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))).toLowerCase(),
    )
    .toSorted()
    .join();

const begin = (ticket: Ticket, state: Wanted, { checkout, sendNumber }: TicketTerms): Ticket => {
  const { items, reason, window, number } = state;
  const closed = withoutOpening(ticket);
  const request = {
    items: items.map((item) => ({ ...item })),
    reason,
    window: { ...window },
    ...(sendNumber && { ticket: number }),
  };
  const count = (ticket.opening?.count ?? 0) + 1;
  return { ...closed, isOpen: true, opening: { count, checkout, request, until: window.until } };
};

/** Begins an opening in place of a running one, whose access it does not extend. */
const replace = (ticket: Ticket, opening: Opening, state: Wanted, terms: TicketTerms): Ticket => {
  const limit = limitOf(opening, terms);
  const { from, until } = state.window;
  const next = begin(ticket, { ...state, window: { from, until: Math.min(until, limit) } }, terms);
  return next.opening === undefined ? next : { ...next, opening: { ...next.opening, limit } };
};

const open = (ticket: Ticket, state: Wanted, terms: TicketTerms): Ticket => {
  const { opening, isOpen } = ticket;
  const { window, items } = state;
  const { now, checkout } = terms;
  const isRunning = opening !== undefined && isOpen && currentEnd(opening) > now;
  if (!isRunning) {
    if (window.until > now) return begin(ticket, state, terms);
    return opening === undefined ? ticket : { ...ticket, opening: { ...opening, until: window.until } };
  }
  const { request } = opening;
  const isMoved = window.from !== request.window.from && Math.max(window.from, request.window.from) > now;
  const isAnother = isMoved || opening.checkout !== checkout || sameItems(request.items) !== sameItems(items);
  if (isAnother && window.until > now) {
    return isMoved ? begin(ticket, state, terms) : replace(ticket, opening, state, terms);
  }
  return { ...ticket, opening: { ...opening, until: window.until } };
};

const since = (ends: readonly End[], position: number): End[] =>
  ends.filter((one) => one.position > position || (one.position === position && one.wish === 'shorten'));

const applied = (ticket: Ticket, state: TicketState, terms: TicketTerms): Ticket => {
  const latest = ticket.position ?? -1;
  const { position } = state;
  switch (state.wish) {
    case 'ignore':
      return ticket;
    case 'extend':
    case 'shorten': {
      const end = { wish: state.wish, until: state.until, position };
      // A refused state says that what the ticket said before is not wanted any more. An earlier end still is.
      if (state.wish === 'extend' && position < (ticket.refused ?? 0)) return ticket;
      return withinLimit({ ...ticket, ends: since([...ticket.ends.filter((one) => !isSame(one, end)), end], latest) });
    }
    case 'close':
      return position < latest ? ticket : { ...withoutOpening(ticket), position, ends: since(ticket.ends, position) };
    case 'open': {
      if (position < (ticket.refused ?? 0)) return ticket;
      if (position > latest) return { ...open(ticket, state, terms), position, ends: since(ticket.ends, position) };
      const { opening } = ticket;
      // Of two states with one position, the earlier end counts.
      if (position < latest || opening === undefined || opening.until <= state.window.until) return ticket;
      return { ...ticket, opening: { ...opening, until: state.window.until } };
    }
  }
};

/**
 * Applies a state to the record of its ticket. Returns an equal record if the state changes nothing: it is older than a
 * known one, or repeats it. Of an `open` and a `close` with the same position, the `close` counts. Pure.
 */
export const applyState = (known: Ticket | undefined, state: TicketState, terms: TicketTerms): Ticket => {
  const { route } = terms;
  const ticket: Ticket = known ?? { route, number: state.number, ends: [], isOpen: false, unreleased: [] };
  return withEnd(applied(ticket, state, terms), terms);
};

/**
 * Closes a ticket by what its ticket system shows now, which no earlier state undoes. `position` is that of the state
 * shown; the clocks of a ticket system can differ, so a later known one stays. Pure.
 */
export const closeShown = (ticket: Ticket, position: number): Ticket => {
  const latest = Math.max(ticket.position ?? -1, position);
  return { ...withoutOpening(ticket), position: latest, ends: since(ticket.ends, latest) };
};

/**
 * Notes the position of an `open` that was refused, so that no older state opens anything. It can still be applied,
 * once the cause is corrected. The access stays as it is. Pure.
 */
export const noteRefused = (
  known: Ticket | undefined,
  { number, position }: Pick<TicketState, 'number' | 'position'>,
  { route }: Pick<TicketTerms, 'route'>,
): Ticket => {
  const ticket: Ticket = known ?? { route, number, ends: [], isOpen: false, unreleased: [] };
  return position > (ticket.refused ?? -1) ? { ...ticket, refused: position } : ticket;
};

/** A step towards the access that a ticket asks for. Every step is repeatable. */
export type TicketStep = { readonly checkout: string; readonly id: string } & (
  | { readonly step: 'release' }
  /** The window begins later than one execution can wait. */
  | { readonly step: 'hold' }
  | ({ readonly step: 'request' } & Opening['request'])
  | { readonly step: 'end'; readonly until: number; readonly position: number }
);

/** Id of the checkout of an opening. */
const openingId = (number: string, count: number): string => `${number}.${count}`;

/**
 * All steps that lead to the recorded access, however many of them are done already. The record is written before its
 * first step, so a crash in between loses nothing: the steps are repeated with the next state, or with the same one.
 * Pure.
 */
export const stepsTo = (ticket: Ticket, now: number): readonly TicketStep[] => {
  const { number, opening, isOpen, unreleased } = ticket;
  const releases = unreleased.map(({ count, checkout }) => ({
    step: 'release' as const,
    checkout,
    id: openingId(number, count),
  }));
  if (opening === undefined || !isOpen) return releases;
  const { count, checkout, request, end } = opening;
  const about = { checkout, id: openingId(number, count) };
  if (isTooFarAhead(request.window.from, now)) return [...releases, { ...about, step: 'hold' }];
  return [
    ...releases,
    // Before the request, so that nothing opens under an end that is already over.
    ...(end === undefined ? [] : [{ ...about, step: 'end' as const, until: end.until, position: end.revision }]),
    ...(currentEnd(opening) > now ? [{ ...about, step: 'request' as const, ...request }] : []),
  ];
};

/** The record once the releases of an earlier state of it are done. Pure. */
export const withReleased = (ticket: Ticket, done: Pick<Ticket, 'unreleased'>): Ticket => ({
  ...ticket,
  unreleased: ticket.unreleased.filter(({ count }) => !done.unreleased.some((one) => one.count === count)),
});

import * as z from 'zod';
import type { Labels } from '#shared/domain/item.ts';

/**
 * Life of a ticket: which access its states ask for, in whatever order they arrive.
 *
 * Each state has a position. `open` and `close` say everything about a ticket, so of them the one with the highest
 * position counts. `extend` and `shorten` say only its end: the latest of them applies to the `open` before it, even if
 * that arrives later. `ignore` says nothing.
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

const openingSchema = z.object({
  /** Counts the openings of the ticket, from 1. */
  count: z.int().min(1),
  /** The request, which never changes: a message with the same id and another content is refused. */
  request: z.object({
    items: z.array(z.record(z.string(), z.string())),
    reason: z.string(),
    window: windowSchema,
    position: z.int(),
  }),
  /** End by the latest `open`, and the position of the state that set it. */
  until: z.int(),
  setAt: z.int(),
});

/** Record of a ticket. */
export const ticketSchema = z.object({
  route: z.string(),
  number: z.string(),
  /** Position of the latest `open` or `close`. */
  position: z.int().optional(),
  /** The latest `extend` or `shorten`. */
  end: z.object({ wish: z.enum(['extend', 'shorten']), until: z.int(), position: z.int() }).optional(),
  /** The latest opening. All earlier ones are closed. */
  opening: openingSchema.optional(),
  isOpen: z.boolean(),
  /** All openings up to this one are known as released. */
  released: z.int().default(0),
});
export type Ticket = z.infer<typeof ticketSchema>;
type Opening = NonNullable<Ticket['opening']>;
type Wanted = Extract<TicketState, { readonly wish: 'open' }>;

/** End of an opening, and the position of the state that set it. */
const endOf = ({ position = 0, end }: Pick<Ticket, 'position' | 'end'>, { until, setAt }: Opening) => {
  if (end === undefined || end.position <= position) return { until, position: setAt };
  const limit = end.wish === 'extend' ? Math.max : Math.min;
  return { until: limit(until, end.until), position: end.position };
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const begin = ({ items, reason, window, position }: Wanted, count: number): Opening => ({
  count,
  request: { items: items.map((item) => ({ ...item })), reason, window: { ...window }, position },
  until: window.until,
  setAt: position,
});

/** The current opening, perhaps with another end, or a new one. */
const openingFor = (ticket: Ticket, state: Wanted, now: number): Pick<Ticket, 'opening' | 'isOpen'> => {
  const { opening, isOpen } = ticket;
  const { window, items, position } = state;
  const end = opening && endOf(ticket, opening);
  if (opening === undefined || !isOpen || end === undefined || end.until <= now) {
    if (window.until > now) return { opening: begin(state, (opening?.count ?? 0) + 1), isOpen: true };
    return { opening: opening && { ...opening, until: window.until, setAt: position }, isOpen };
  }
  const { request } = opening;
  const isMoved = window.from !== request.window.from && Math.max(window.from, request.window.from) > now;
  const isAnother = window.until > now && (isMoved || !isSame(request.items, items));
  if (isAnother) return { opening: begin(state, opening.count + 1), isOpen };
  const setAt = window.until === end.until ? end.position : position;
  return { opening: { ...opening, until: window.until, setAt }, isOpen };
};

/**
 * Applies a state to the record of its ticket. Returns an equal record if the state changes nothing: it is older than a
 * known one, or repeats it. Of an `open` and a `close` with the same position, the `close` counts. Pure.
 */
export const applyState = (known: Ticket | undefined, route: string, state: TicketState, now: number): Ticket => {
  const { number, position, wish } = state;
  const ticket: Ticket = known ?? { route, number, isOpen: false, released: 0 };
  const latest = ticket.position ?? -1;
  switch (wish) {
    case 'ignore':
      return ticket;
    case 'extend':
    case 'shorten':
      return position > (ticket.end?.position ?? -1)
        ? { ...ticket, end: { wish, until: state.until, position } }
        : ticket;
    case 'close':
      return position >= latest ? { ...ticket, position, isOpen: false } : ticket;
    case 'open': {
      if (position <= latest) return ticket;
      const { opening, isOpen } = openingFor(ticket, state, now);
      return { ...ticket, position, isOpen, ...(opening !== undefined && { opening }) };
    }
  }
};

/** A step towards the access that a ticket asks for. Every step is repeatable. */
export type TicketStep =
  | { readonly step: 'release'; readonly id: string }
  | {
      readonly step: 'request';
      readonly id: string;
      readonly window: TicketWindow;
      readonly items: readonly Labels[];
      readonly reason: string;
    }
  | { readonly step: 'end'; readonly id: string; readonly until: number; readonly position: number };

/** Number of openings that are over. */
const overIn = ({ opening, isOpen }: Pick<Ticket, 'opening' | 'isOpen'>): number =>
  opening === undefined ? 0 : opening.count - (isOpen ? 1 : 0);

/** The record once its steps are done. Pure. */
export const withStepsDone = (ticket: Ticket): Ticket => ({
  ...ticket,
  released: Math.max(ticket.released, overIn(ticket)),
});

/** Id of the checkout of an opening. */
const openingId = (number: string, count: number): string => `${number}.${count}`;

/**
 * All steps that lead to the recorded access, however many of them are done already. The record is written before its
 * first step, so a crash in between loses nothing: the steps are repeated with the next state, or with the same one.
 * Pure.
 */
export const stepsTo = (ticket: Ticket, now: number): readonly TicketStep[] => {
  const { number, opening, isOpen, released } = ticket;
  const over = Array.from({ length: overIn(ticket) - released }, (_, index) => released + 1 + index);
  const releases = over.map((count) => ({ step: 'release' as const, id: openingId(number, count) }));
  if (opening === undefined || !isOpen) return releases;
  const { count, request } = opening;
  const id = openingId(number, count);
  const { window, items, reason } = request;
  const end = endOf(ticket, opening);
  return [
    ...releases,
    // Before the request, so that nothing opens under an end that is already over.
    ...(end.position > request.position ? [{ step: 'end' as const, id, ...end }] : []),
    ...(end.until > now ? [{ step: 'request' as const, id, window, items, reason }] : []),
  ];
};

import type { Json } from '@hyperjump/json-pointer';
import type { RelayConfig, WebhookConfig } from '#shared/config/schema.ts';
import { readHead, readShown, type TicketHead, type TicketPlaces } from '#shared/domain/ticket/read-ticket.ts';
import { type TicketPlace, ticketOf } from '#shared/domain/ticket/words.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { TicketOver } from '#shared/messages/ticket-changed.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import type { TicketSystem } from '#shared/ticket-systems/ticket-system.ts';
import type { Looked, LookOrder } from '#shared/workflows/tickets.ts';

export interface LookDependencies {
  readonly webhooks: RelayConfig['webhooks'];
  readonly systemOf: (name: string) => Promise<TicketSystem>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'list'>;
  /** Sends a message to the queue of tickets. */
  readonly send: (message: TicketOver) => Promise<void>;
  /** Called for each ticket that could not be read. The end of its window still closes it. */
  readonly onUnread: (
    ticket: { readonly route: string; readonly number: string | undefined },
    error: RelayError,
  ) => void;
}

/**
 * Looks at the tickets of open checkouts in their ticket system, and closes those that ask for no access any more. A
 * ticket that is not shown stays open: its absence can be a missing right. Opens and extends nothing. Raises the first
 * error after all tickets were looked at. Repeatable.
 */
export const createLook = ({ webhooks, systemOf, records, signals, send, onUnread }: LookDependencies) => {
  /** Numbers of the tickets of a route with a checkout that can be open. Calls `onError` for a record it can't read. */
  const openTickets = async (route: string, onError: (error: RelayError) => void): Promise<ReadonlySet<string>> => {
    const numbers = new Set<string>();
    for (const key of await signals.list(checkoutAt.allOpen)) {
      const run = readOpenKey(key);
      try {
        const order = run && (await records.read(checkoutAt.record(run)))?.order;
        const ticket = ticketOf(order?.id, order?.principal);
        if (ticket?.route === route) numbers.add(ticket.number);
      } catch (thrown) {
        onError(asRelayError(thrown, 'Reading an open checkout'));
      }
    }
    return numbers;
  };

  /** True if the ticket was closed. Raises an error if it is not known what the ticket asks for. */
  const look = async (place: TicketPlace, { ticket }: WebhookConfig, system: TicketSystem): Promise<boolean> => {
    const body = await system.read(place.number);
    const shown = body === undefined ? undefined : shownIn(body, place.number, ticket);
    if (shown === undefined) throw notShown(place);
    if (shown.asks === 'open') return false;
    if (shown.asks === 'unknown') throw incomplete(place);
    await send({ ...place, position: shown.position });
    return true;
  };

  return async ({ route }: LookOrder): Promise<Looked> => {
    const looked = { open: 0, closed: 0 };
    const unread: RelayError[] = [];
    const webhook = Object.hasOwn(webhooks, route) ? webhooks[route] : undefined;
    if (webhook?.ticketSystem === undefined) return looked;
    const system = await systemOf(webhook.ticketSystem);
    const note = (error: RelayError, number?: string): void => {
      unread.push(error);
      onUnread({ route, number }, error);
    };
    for (const number of await openTickets(route, (error) => note(error))) {
      looked.open += 1;
      try {
        if (await look({ route, number }, webhook, system)) looked.closed += 1;
      } catch (thrown) {
        const error = asRelayError(thrown, 'Looking at a ticket');
        // The next call would have the same end, and a ticket system locks a user after some refused sign-ins.
        if (error.name === 'TicketSystemDenied' || error.name === 'BootstrapUnusable') throw error;
        note(error, number);
      }
    }
    const [first] = unread;
    if (first === undefined) return looked;
    throw new RelayError(
      first.name,
      `${unread.length} of the open tickets of ${route} could not be read. The first: ${first.message}`,
    );
  };
};

/**
 * State of a ticket. One with another number was moved, and its old number asks for nothing. Undefined without a number
 * and a position.
 */
const shownIn = (body: Json, number: string, places: TicketPlaces) => {
  const head = headIn(body, places);
  if (head === undefined) return undefined;
  const isMoved = head.number.toLowerCase() !== number.toLowerCase();
  return { asks: isMoved ? ('closed' as const) : readShown(body, places), position: head.position };
};

const headIn = (body: Json, places: TicketPlaces): Pick<TicketHead, 'number' | 'position'> | undefined => {
  try {
    return readHead(body, places);
  } catch {
    return undefined;
  }
};

const notShown = ({ number }: TicketPlace): RelayError =>
  new RelayError(
    'TicketSystemRefused',
    `The ticket system shows no ticket ${number}. Check the rights of the user; if the ticket was deleted, release its checkout.`,
  );

const incomplete = ({ number }: TicketPlace): RelayError =>
  new RelayError(
    'TicketSystemRefused',
    `The ticket system does not show the state of ${number}, or a field under onlyIf. Give the user the right to read it.`,
  );

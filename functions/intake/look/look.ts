import type { RelayConfig, WebhookConfig } from '#shared/config/schema.ts';
import { readHead } from '#shared/domain/ticket/read-ticket.ts';
import { ticketOf } from '#shared/domain/ticket/words.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';
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
  readonly send: (message: TicketChanged) => Promise<void>;
  /** Called for a ticket that could not be read, or is not shown. The end of its window still closes it. */
  readonly onUnread: (ticket: { readonly route: string; readonly number: string }, error?: RelayError) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Looks at the tickets of open checkouts in their ticket system, and closes those that ask for no access any more. A
 * ticket that is not shown stays open: its absence can be a missing right. Opens and extends nothing. Repeatable.
 */
export const createLook = ({ webhooks, systemOf, records, signals, send, onUnread, now }: LookDependencies) => {
  /** Numbers of the tickets of a route with a checkout that can be open. */
  const openTickets = async (route: string): Promise<ReadonlySet<string>> => {
    const numbers = new Set<string>();
    for (const key of await signals.list(checkoutAt.allOpen)) {
      const run = readOpenKey(key);
      const order = run && (await records.read(checkoutAt.record(run)))?.order;
      const ticket = ticketOf(order?.id, order?.principal);
      if (ticket?.route === route) numbers.add(ticket.number);
    }
    return numbers;
  };

  const look = async (route: string, { ticket }: WebhookConfig, system: TicketSystem, number: string) => {
    const body = await system.read(number);
    if (body === undefined) return 'absent';
    if (readHead(body, ticket).wish !== 'close') return 'kept';
    const at = new Date(now()).toISOString();
    await send({ route, receivedAt: at, signedAt: at, body: JSON.stringify(body) });
    return 'closed';
  };

  return async ({ route }: LookOrder): Promise<Looked> => {
    const looked = { open: 0, closed: 0, unread: 0 };
    const webhook = Object.hasOwn(webhooks, route) ? webhooks[route] : undefined;
    if (webhook?.ticketSystem === undefined) return looked;
    const system = await systemOf(webhook.ticketSystem);
    for (const number of await openTickets(route)) {
      looked.open += 1;
      try {
        const found = await look(route, webhook, system, number);
        if (found === 'closed') looked.closed += 1;
        if (found !== 'absent') continue;
        looked.unread += 1;
        onUnread({ route, number });
      } catch (thrown) {
        const error = asRelayError(thrown, 'Looking at a ticket');
        // The next call would have the same end, and a ticket system locks a user after some refused sign-ins.
        if (error.name === 'TicketSystemRefused' || error.name === 'BootstrapUnusable') throw error;
        looked.unread += 1;
        onUnread({ route, number }, error);
      }
    }
    return looked;
  };
};

import type { Json } from '@hyperjump/json-pointer';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import { readHead, readTicket, type TicketHead } from '#shared/domain/ticket/read-ticket.ts';
import { applyState, noteRefused, type Ticket, type TicketState } from '#shared/domain/ticket/ticket.ts';
import { refusedComment } from '#shared/domain/ticket/words.ts';
import { RelayError } from '#shared/errors.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import type { Tell } from '#shared/messages/tell.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { ticketAt } from '#shared/records/tickets.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';
import { type AddressProblem, checkAge, checkRequest, credible, isCredible } from './checks.ts';
import { createKnown, type KnownDependencies } from './known.ts';
import { parseBody, parseMessage } from './messages.ts';

type Webhook = RelayConfig['webhooks'][string];

export interface TicketsDependencies extends KnownDependencies, BatchDependencies {
  readonly config: Pick<RelayConfig, 'webhooks' | 'checkouts'>;
  readonly addressProblem: AddressProblem;
  readonly sharedRecords: SharedRecords;
  /** Orders a comment on a ticket. */
  readonly tell: Tell;
}

const MINUTE_MS = 60_000;

/**
 * Handles the states of tickets behind the queue: maps the body, records what the ticket asks for, and opens, moves and
 * closes its checkouts. States can arrive repeatedly and in any order. Repeatable.
 */
export const createTickets = (dependencies: TicketsDependencies) => {
  const { addressProblem, sharedRecords, tell, now } = dependencies;
  const known = createKnown(dependencies);

  const handle = async ({ body }: QueueRecord): Promise<void> => {
    const message = parseMessage(body);
    if ('position' in message) return known.close(message);
    if ('number' in message) return known.wake(message);
    const { config } = dependencies;
    const webhook = Object.hasOwn(config.webhooks, message.route) ? config.webhooks[message.route] : undefined;
    const rule = webhook && config.checkouts[webhook.checkout];
    if (webhook === undefined || rule === undefined) throw unknownRoute(message.route);
    const json = parseBody(message.body);
    const head = credible(readHead(json, webhook.ticket), message, webhook);
    if (head.wish === 'ignore') return;
    try {
      await apply(message, json, head, webhook, rule);
    } catch (thrown) {
      if (thrown instanceof RelayError && thrown.name === 'MessageInvalid')
        await tell(refusedComment({ route: message.route, number: head.number }, thrown.message));
      throw thrown;
    }
  };

  /** Records what a state asks for, and takes every step towards it. */
  const apply = async (
    message: TicketChanged,
    json: Json,
    head: TicketHead,
    webhook: Webhook,
    rule: CheckoutConfig,
  ): Promise<void> => {
    const { route } = message;
    const place = ticketAt({ route, number: head.number });
    const change = (update: (known: Ticket | undefined) => Ticket): Promise<Ticket> =>
      changeRecord(sharedRecords, place, (current) => {
        const next = update(current);
        return { next: isSame(current, next) ? undefined : next, result: next };
      });
    const readState = async (): Promise<TicketState> => {
      checkAge(head, message, webhook);
      const state = { ...readTicket(json, webhook.ticket, now()), position: head.position };
      if (state.wish === 'open') await checkRequest(state, rule, addressProblem, now());
      return state;
    };
    const state = await readState().catch(async (thrown: unknown) => {
      const isRefused = thrown instanceof RelayError && thrown.name === 'MessageInvalid';
      // What the ticket says now cannot be granted, and what it said before is not wanted any more.
      if (isRefused && head.wish === 'open' && isCredible(head, message, webhook))
        await change((current) => noteRefused(current, head, { route }));
      throw thrown;
    });
    const maxExtensionMs = rule.extensionMinutes * MINUTE_MS;
    const { checkout } = webhook;
    const { sendNumber } = webhook.ticket;
    const ticket = await change((current) =>
      applyState(current, state, { route, checkout, maxExtensionMs, sendNumber, now: now() }),
    );
    await known.carryOut(place, ticket);
  };

  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> => handleBatch(records, handle, dependencies);
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const unknownRoute = (route: string): RelayError =>
  new RelayError('MessageInvalid', `route: ${route} is not under webhooks in relay.yaml any more; add it, or its rule`);

import type { Json } from '@hyperjump/json-pointer';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import { readHead, readTicket, type TicketHead } from '#shared/domain/ticket/read-ticket.ts';
import { applyState, noteRefused, type Ticket, type TicketState, withReleased } from '#shared/domain/ticket/ticket.ts';
import { refusedComment } from '#shared/domain/ticket/words.ts';
import { RelayError } from '#shared/errors.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type TicketChanged, type TicketWoken, ticketMessageSchema } from '#shared/messages/ticket-changed.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { heldAt, ticketAt } from '#shared/records/tickets.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';
import { type AddressProblem, checkAge, checkRequest, isCredible } from './checks.ts';
import { createFollow, type FollowDependencies } from './follow.ts';

type Webhook = RelayConfig['webhooks'][string];

export interface TicketsDependencies extends FollowDependencies, BatchDependencies {
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
  const { config, addressProblem, sharedRecords, signals, tell, now } = dependencies;
  const follow = createFollow(dependencies);

  /** Takes the steps of a record, and notes the releases among them as done. */
  const carryOut = async (place: RecordPlace<Ticket>, ticket: Ticket): Promise<void> => {
    await follow(ticket);
    if (ticket.unreleased.length === 0) return;
    await changeRecord(sharedRecords, place, (current = ticket) => {
      const next = withReleased(current, ticket);
      return { next, result: next };
    });
  };

  /**
   * Continues with a held ticket. The mark is removed before the record is read, so a state that holds the ticket
   * at the same time is not lost. Writing the record again keeps it for as long as its access can last.
   */
  const wake = async ({ route, number }: TicketWoken): Promise<void> => {
    const place = ticketAt({ route, number });
    await signals.remove(heldAt.ticket({ route, number }));
    const ticket = await changeRecord(sharedRecords, place, (known) => ({ next: known, result: known }));
    if (ticket !== undefined) await carryOut(place, ticket);
  };

  const handle = async ({ body }: QueueRecord): Promise<void> => {
    const message = parseMessage(body);
    if ('number' in message) return wake(message);
    const webhook = Object.hasOwn(config.webhooks, message.route) ? config.webhooks[message.route] : undefined;
    const rule = webhook && config.checkouts[webhook.checkout];
    if (webhook === undefined || rule === undefined) throw unknownRoute(message.route);
    const json = parseBody(message.body);
    const head = readHead(json, webhook.ticket);
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
      changeRecord(sharedRecords, place, (known) => {
        const next = update(known);
        return { next: isSame(known, next) ? undefined : next, result: next };
      });
    const readState = async (): Promise<TicketState> => {
      checkAge(head, message, webhook);
      const state = readTicket(json, webhook.ticket, now());
      if (state.wish === 'open') await checkRequest(state, rule, addressProblem, now());
      return state;
    };
    const state = await readState().catch(async (thrown: unknown) => {
      const isRefused = thrown instanceof RelayError && thrown.name === 'MessageInvalid';
      // What the ticket says now cannot be granted, and what it said before is not wanted any more.
      if (isRefused && head.wish === 'open' && isCredible(head, message, webhook))
        await change((known) => noteRefused(known, head, { route }));
      throw thrown;
    });
    const maxExtensionMs = rule.extensionMinutes * MINUTE_MS;
    const { checkout } = webhook;
    const { sendNumber } = webhook.ticket;
    const ticket = await change((known) =>
      applyState(known, state, { route, checkout, maxExtensionMs, sendNumber, now: now() }),
    );
    await carryOut(place, ticket);
  };

  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> => handleBatch(records, handle, dependencies);
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const parseMessage = (body: string): TicketChanged | TicketWoken => {
  const { data } = ticketMessageSchema.safeParse(parseJson(body));
  if (data !== undefined) return data;
  throw new RelayError('MessageInvalid', 'the whole message: is not from the webhook of the relay');
};

const parseBody = (body: string): Json => {
  const json = parseJson(body);
  if (json !== undefined) return json;
  throw new RelayError('MessageInvalid', 'the body of the request: is not JSON; let the sender send one JSON object');
};

const parseJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const unknownRoute = (route: string): RelayError =>
  new RelayError('MessageInvalid', `route: ${route} is not under webhooks in relay.yaml any more; add it, or its rule`);

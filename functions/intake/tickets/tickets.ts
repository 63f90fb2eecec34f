import type { Json } from '@hyperjump/json-pointer';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { isTooFarAhead, MAX_LEAD_DAYS } from '#shared/domain/checkout/window.ts';
import { readHead, readTicket, type TicketHead } from '#shared/domain/ticket/read-ticket.ts';
import {
  applyState,
  noteRefused,
  stepsTo,
  type Ticket,
  type TicketState,
  type TicketStep,
  withReleased,
} from '#shared/domain/ticket/ticket.ts';
import { refusedComment } from '#shared/domain/ticket/words.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutActionDependencies, createCheckoutActions } from '#shared/messages/checkout-actions.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import type { CheckoutRequested } from '#shared/messages/messages.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type TicketChanged, ticketChangedSchema } from '#shared/messages/ticket-changed.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { ticketAt } from '#shared/records/tickets.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';

type Webhook = RelayConfig['webhooks'][string];

export interface TicketsDependencies extends CheckoutActionDependencies, BatchDependencies {
  readonly config: Pick<RelayConfig, 'webhooks' | 'checkouts'>;
  /** Checks how the items of a ticket are addressed. Returns a text for its owner if they are not addressed well. */
  readonly addressProblem: (rule: CheckoutConfig, items: CheckoutRequested['items']) => Promise<string | undefined>;
  readonly sharedRecords: SharedRecords;
  /** Orders a comment on a ticket. */
  readonly tell: Tell;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Handles the states of tickets behind the queue: maps the body, records what the ticket asks for, and opens, moves and
 * closes its checkouts. States can arrive repeatedly and in any order. Repeatable.
 */
export const createTickets = (dependencies: TicketsDependencies) => {
  const { config, addressProblem, sharedRecords, tell, now } = dependencies;
  const checkouts = createCheckoutActions(dependencies);

  const perform = async (step: TicketStep, { route }: Pick<Ticket, 'route'>): Promise<void> => {
    const principal: Principal = { kind: 'route', id: route };
    const { checkout, id } = step;
    switch (step.step) {
      case 'release':
        return checkouts.release({ type: 'checkout.released', checkout, id }, principal, now());
      case 'end':
        return checkouts.setEnd(
          { checkout, id, until: new Date(step.until).toISOString(), position: step.position },
          principal,
        );
      case 'request': {
        const { window, items, reason, ticket } = step;
        const from = new Date(window.from).toISOString();
        const until = new Date(window.until).toISOString();
        const request = {
          checkout,
          id,
          items,
          window: { from, until },
          reason,
          ...(ticket !== undefined && { ticket }),
        };
        return checkouts.request({ type: 'checkout.requested', ...request }, principal);
      }
    }
  };

  const handle = async ({ body }: QueueRecord): Promise<void> => {
    const message = parseMessage(body);
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
    for (const step of stepsTo(ticket, now())) await perform(step, ticket);
    if (ticket.unreleased.length > 0) await change((current) => withReleased(current ?? ticket, ticket));
  };

  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> => handleBatch(records, handle, dependencies);
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const parseMessage = (body: string): TicketChanged => {
  const { data } = ticketChangedSchema.safeParse(parseJson(body));
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

/** Difference between the clocks of the sender and the relay. */
const TOLERANCE_MS = 5 * MINUTE_MS;

/** False for a time that has not come yet: every later state of the ticket would be older. */
const isCredible = (
  { position }: Pick<TicketHead, 'position'>,
  { receivedAt }: Pick<TicketChanged, 'receivedAt'>,
  { ticket }: Webhook,
): boolean => !('time' in ticket.position) || position <= Date.parse(receivedAt) + TOLERANCE_MS;

/**
 * A signature without a time can be repeated for ever, so the time in the body limits the age of a state that opens or
 * extends access. One that closes access is never too old.
 */
const checkAge = (head: TicketHead, message: TicketChanged, webhook: Webhook): void => {
  const { wish, number, position } = head;
  if (wish !== 'open' && wish !== 'extend') return;
  const { receivedAt, signedAt } = message;
  const refused = (problem: string) => new RelayError('MessageInvalid', `Ticket ${number}: ${problem}`);
  if (!isCredible(head, message, webhook))
    throw refused('the time of its state is in the future. Correct the clock of its sender, and update the ticket.');
  const { ticket, maxAgeHours } = webhook;
  const isOld = Date.parse(receivedAt) - position > maxAgeHours * HOUR_MS;
  if (signedAt !== undefined || ('time' in ticket.position && !isOld)) return;
  throw refused(
    `its state is from more than ${maxAgeHours} hours ago, and the signature of its sender covers no time. Update the ticket.`,
  );
};

/** Refuses what the checkout would refuse later, with a reason that the owner of the ticket understands. */
const checkRequest = async (
  { number, window, items }: Extract<TicketState, { readonly wish: 'open' }>,
  rule: CheckoutConfig,
  addressProblem: TicketsDependencies['addressProblem'],
  now: number,
): Promise<void> => {
  const refused = (problem: string) => new RelayError('MessageInvalid', `Ticket ${number}: ${problem}`);
  const minutes = (window.until - Math.max(now, window.from)) / MINUTE_MS;
  if (minutes > rule.maxMinutes) {
    throw refused(`its window is longer than the ${rule.maxMinutes} minutes that are allowed. Plan a shorter one.`);
  }
  if (isTooFarAhead(window.from, now)) {
    throw refused(`its window begins in more than ${MAX_LEAD_DAYS} days. Update the ticket within that time.`);
  }
  const problem = await addressProblem(
    rule,
    items.map((item) => ({ ...item })),
  );
  if (problem !== undefined) throw refused(`its account ${problem}. Correct ticket.items in relay.yaml.`);
};

import type { CheckoutConfig, WebhookConfig } from '#shared/config/schema.ts';
import type { TicketHead } from '#shared/domain/ticket/read-ticket.ts';
import type { TicketState } from '#shared/domain/ticket/ticket.ts';
import { RelayError } from '#shared/errors.ts';
import type { CheckoutRequested } from '#shared/messages/messages.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';

/** Checks of a state of a ticket, whose refusals the owner of the ticket understands. */

/** Checks how the items of a ticket are addressed. Returns a text for its owner if they are not addressed well. */
export type AddressProblem = (rule: CheckoutConfig, items: CheckoutRequested['items']) => Promise<string | undefined>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Latest start of a window. The record of a ticket is kept for 400 days. */
const MAX_HOLD_DAYS = 365;

/** Difference between the clocks of the sender and the relay. */
const TOLERANCE_MS = 5 * MINUTE_MS;

/** False for a time that has not come yet: every later state of the ticket would be older. */
export const isCredible = (
  { position }: Pick<TicketHead, 'position'>,
  { receivedAt }: Pick<TicketChanged, 'receivedAt'>,
  { ticket }: WebhookConfig,
): boolean => !('time' in ticket.position) || position <= Date.parse(receivedAt) + TOLERANCE_MS;

/** A state that closes, at the time of its arrival if it says a later one: no state in between would count. Pure. */
export const credible = (head: TicketHead, message: TicketChanged, webhook: WebhookConfig): TicketHead =>
  head.wish !== 'close' || isCredible(head, message, webhook)
    ? head
    : { ...head, position: Date.parse(message.receivedAt) };

/**
 * A signature without a time can be repeated for ever, so the time in the body limits the age of a state that opens or
 * extends access. One that closes access is never too old.
 */
export const checkAge = (head: TicketHead, message: TicketChanged, webhook: WebhookConfig): void => {
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
export const checkRequest = async (
  { number, window, items }: Extract<TicketState, { readonly wish: 'open' }>,
  rule: CheckoutConfig,
  addressProblem: AddressProblem,
  now: number,
): Promise<void> => {
  const refused = (problem: string) => new RelayError('MessageInvalid', `Ticket ${number}: ${problem}`);
  const minutes = (window.until - Math.max(now, window.from)) / MINUTE_MS;
  if (minutes > rule.maxMinutes) {
    throw refused(`its window is longer than the ${rule.maxMinutes} minutes that are allowed. Plan a shorter one.`);
  }
  if (window.from > now + MAX_HOLD_DAYS * DAY_MS) {
    throw refused(`its window begins in more than ${MAX_HOLD_DAYS} days. Update the ticket within that time.`);
  }
  const problem = await addressProblem(
    rule,
    items.map((item) => ({ ...item })),
  );
  if (problem !== undefined) throw refused(`its account ${problem}. Correct ticket.items in relay.yaml.`);
};

import { wasDelivered } from '#shared/domain/checkout/next-action.ts';
import {
  closedComment,
  endedComment,
  isEndedWithoutAccess,
  type Rotated,
  ticketOf,
} from '#shared/domain/ticket/words.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';
import type { CheckoutReported, CheckoutStepInput } from '#shared/workflows/checkout.ts';

/**
 * Comment on the ticket of a checkout that is over; undefined if there is nothing to tell. A release tells that the
 * access is closed, and the checkout itself, which can end much later, tells it again with the same key. Pure.
 */
export const commentFor = (
  input: CheckoutStepInput,
  record: CheckoutRecord | undefined,
  status: CheckoutReported['status'],
  now: number,
): TicketComment | undefined => {
  const { order, checkedIn, retired, retrieved } = input;
  const asked = record?.order;
  const ticket = ticketOf(asked?.id, asked?.principal);
  if (record === undefined || asked === undefined || ticket === undefined) return undefined;
  const isClosed = checkedIn !== undefined && retired !== undefined;
  if (isClosed && wasDelivered({ retrieved, retired: retired.retired })) {
    return closedComment(ticket, {
      id: asked.id,
      items: record.items.map(({ item }) => item.title),
      at: now,
      rotated: rotatedBy(input),
    });
  }
  if (order.type !== 'checkout.requested' && order.type !== 'checkout.abandoned') return undefined;
  return isEndedWithoutAccess(status) ? endedComment(ticket, asked.id, status) : undefined;
};

const rotatedBy = ({ watched }: CheckoutStepInput): Rotated => {
  if (watched?.confirmed === true) return 'changed';
  return watched?.unconfirmed === true ? 'unconfirmed' : 'none';
};

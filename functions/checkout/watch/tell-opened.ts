import { endWith, type SetEnds } from '#shared/domain/checkout/window.ts';
import { openedComment, ticketOf } from '#shared/domain/ticket/words.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type CheckoutRecord, maxExtensionOf } from '#shared/records/checkout-record.ts';
import type { CheckoutStepInput } from '#shared/workflows/checkout.ts';

/** Tells the ticket of a checkout, if it has one, that its access has opened. */
export const tellOpened = async (
  { retrieved, checkedIn, watched }: CheckoutStepInput,
  record: CheckoutRecord,
  ends: SetEnds,
  tell: Tell,
): Promise<void> => {
  const { order, items, settings } = record;
  const ticket = ticketOf(order.id, order.principal);
  const isFirstLook = watched?.next === 'retrieve' && checkedIn === undefined;
  if (ticket === undefined || !isFirstLook || !('until' in order.window)) return;
  if (retrieved === undefined || retrieved.delivered === 0) return;
  const until = endWith(Date.parse(order.window.until), ends, maxExtensionOf(record));
  const names = items.map(({ item }) => item.title);
  await tell(openedComment(ticket, { id: order.id, items: names, stores: settings.stores, until }));
};

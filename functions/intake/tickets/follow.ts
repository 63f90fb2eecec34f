import type { Principal } from '#shared/domain/checkout/principal.ts';
import { stepsTo, type Ticket, type TicketStep } from '#shared/domain/ticket/ticket.ts';
import { type CheckoutActionDependencies, createCheckoutActions } from '#shared/messages/checkout-actions.ts';
import type { Signals } from '#shared/records/signals.ts';
import { heldAt } from '#shared/records/tickets.ts';

export interface FollowDependencies extends CheckoutActionDependencies {
  readonly signals: CheckoutActionDependencies['signals'] & Pick<Signals, 'remove'>;
}

/** Takes every step towards the access that the record of a ticket asks for. Repeatable. */
export const createFollow = (dependencies: FollowDependencies) => {
  const { signals, now } = dependencies;
  const checkouts = createCheckoutActions(dependencies);

  const perform = async (step: TicketStep, { route, number }: Ticket): Promise<void> => {
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
      case 'hold':
        return signals.put(heldAt.ticket({ route, number }));
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

  return async (ticket: Ticket): Promise<void> => {
    for (const step of stepsTo(ticket, now())) await perform(step, ticket);
  };
};

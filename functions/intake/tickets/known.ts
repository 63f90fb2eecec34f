import type { RelayConfig } from '#shared/config/schema.ts';
import { closeShown, stepsTo, type Ticket, withoutOpening, withReleased } from '#shared/domain/ticket/ticket.ts';
import type { TicketOver, TicketWoken } from '#shared/messages/ticket-changed.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { heldAt, ticketAt } from '#shared/records/tickets.ts';
import { createFollow, type FollowDependencies } from './follow.ts';

export interface KnownDependencies extends FollowDependencies {
  readonly config: Pick<RelayConfig, 'webhooks'>;
  readonly sharedRecords: SharedRecords;
}

/** Creates the actions on tickets with a record. Repeatable. */
export const createKnown = (dependencies: KnownDependencies) => {
  const { sharedRecords, signals, now } = dependencies;
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

  /** True if the route of a ticket still exists, and uses the rule of its opening. */
  const isServed = ({ route, opening }: Ticket): boolean => {
    const { config } = dependencies;
    const webhook = Object.hasOwn(config.webhooks, route) ? config.webhooks[route] : undefined;
    return webhook !== undefined && webhook.checkout === opening?.checkout;
  };

  const needsHold = (ticket: Ticket | undefined): boolean =>
    ticket !== undefined && stepsTo(ticket, now()).some(({ step }) => step === 'hold');

  /** Continues with the record of a ticket. Writing it again keeps it for as long as its access can last. */
  const resume = async ({ route, number }: TicketWoken): Promise<Ticket | undefined> => {
    const place = ticketAt({ route, number });
    const ticket = await changeRecord(sharedRecords, place, (known) => {
      const next = known === undefined || isServed(known) ? known : withoutOpening(known);
      return { next, result: next };
    });
    if (ticket !== undefined) await carryOut(place, ticket);
    return ticket;
  };

  return {
    carryOut,
    /**
     * Continues with a held ticket. The mark is removed after the steps, so an outage loses nothing. A state can hold
     * the ticket again just before the removal, so its record is read once more.
     */
    async wake(held: TicketWoken): Promise<void> {
      const mark = heldAt.ticket(held);
      if (needsHold(await resume(held))) return;
      await signals.remove(mark);
      if (needsHold((await sharedRecords.read(ticketAt(held)))?.record)) await signals.put(mark);
    },
    /** Closes a ticket that its ticket system shows as over, whatever relay.yaml says by now. */
    async close({ route, number, position }: TicketOver): Promise<void> {
      const place = ticketAt({ route, number });
      const ticket = await changeRecord(sharedRecords, place, (known) => {
        const next = known && closeShown(known, position);
        return { next, result: next };
      });
      if (ticket !== undefined) await carryOut(place, ticket);
    },
  };
};

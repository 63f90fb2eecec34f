import type { TicketWoken } from '#shared/messages/ticket-changed.ts';
import type { Signals } from '#shared/records/signals.ts';
import { heldAt } from '#shared/records/tickets.ts';

export interface WakeDependencies {
  readonly signals: Pick<Signals, 'list'>;
  /** Sends a message to the queue of tickets. */
  readonly send: (message: TicketWoken) => Promise<void>;
}

/**
 * Queues every ticket whose window begins later than one execution can wait. The queue's function requests its checkout
 * once it can, or holds it again. Repeatable.
 */
export const createWake =
  ({ signals, send }: WakeDependencies) =>
  async (): Promise<{ readonly held: number }> => {
    const held = (await signals.list(heldAt.all)).flatMap((key) => heldAt.read(key) ?? []);
    for (const ticket of held) await send(ticket);
    return { held: held.length };
  };

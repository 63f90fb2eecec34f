import type { RelayConfig } from '#shared/config/schema.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';

export interface TellDependencies {
  readonly webhooks: RelayConfig['webhooks'];
  /** Sends to the queue of comments; undefined if no webhook writes any. */
  readonly send: ((body: string) => Promise<void>) | undefined;
  readonly onFailure: (error: RelayError) => void;
}

/** Orders a comment on a ticket, if its route writes comments. Never raises, because a comment changes no access. */
export type Tell = (comment: TicketComment) => Promise<void>;

/** Creates the orders for comments. Two orders with one key are one comment. */
export const createTell =
  ({ webhooks, send, onFailure }: TellDependencies): Tell =>
  async (comment) => {
    const { route } = comment;
    if (send === undefined || !Object.hasOwn(webhooks, route) || webhooks[route]?.comments !== true) return;
    try {
      await send(JSON.stringify(comment));
    } catch (thrown) {
      onFailure(asRelayError(thrown, 'Ordering a comment'));
    }
  };

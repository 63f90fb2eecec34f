import * as z from 'zod';

/** Order for a comment, which only the relay's own functions may send. Contains names and times only. */
export const ticketCommentSchema = z.strictObject({
  /** Name of the entry under webhooks in relay.yaml. */
  route: z.string(),
  number: z.string(),
  /** Two orders with one key are one comment. */
  key: z.string().regex(/^[\w.-]{1,200}$/),
  text: z.string().max(3000),
});
export type TicketComment = z.infer<typeof ticketCommentSchema>;

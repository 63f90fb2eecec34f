import * as z from 'zod';

/** Message of the webhook function about one verified request. Only its role may send to the queue of tickets. */
export const ticketChangedSchema = z.strictObject({
  /** Name of the entry under webhooks in relay.yaml. */
  route: z.string(),
  /** Time at which the request arrived, and the time that its signature covers, if it covers one. */
  receivedAt: z.iso.datetime(),
  signedAt: z.iso.datetime().optional(),
  /** Body of the request: text, which the signature covers. */
  body: z.string(),
});
export type TicketChanged = z.infer<typeof ticketChangedSchema>;

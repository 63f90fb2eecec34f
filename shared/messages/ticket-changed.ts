import * as z from 'zod';

/** Message about one verified request of a sender. */
const ticketChangedSchema = z.strictObject({
  /** Name of the entry under webhooks in relay.yaml. */
  route: z.string(),
  /** Time at which the request arrived, and the time that its signature covers, if it covers one. */
  receivedAt: z.iso.datetime(),
  signedAt: z.iso.datetime().optional(),
  /** Body of the request: text, which the signature covers. */
  body: z.string(),
});
export type TicketChanged = z.infer<typeof ticketChangedSchema>;

/** Message about a held ticket, whose checkout may be requested by now. */
const ticketWokenSchema = z.strictObject({ route: z.string(), number: z.string() });
export type TicketWoken = z.infer<typeof ticketWokenSchema>;

/** Message of a look about a ticket that asks for no access any more, with the position of its state. */
const ticketOverSchema = ticketWokenSchema.extend({ position: z.int().min(0) });
export type TicketOver = z.infer<typeof ticketOverSchema>;

/** Messages to the queue of tickets. */
export const ticketMessageSchema = z.union([ticketChangedSchema, ticketOverSchema, ticketWokenSchema]);

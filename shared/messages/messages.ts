import * as z from 'zod';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { isPlainText } from '#shared/domain/text.ts';

/**
 * What others send to the relay's queue. Every message may come twice and in any order. Parsing puts the fields of a
 * message into one order, so that equal messages are equal text. The published schema is `messages.schema.json`.
 */

/** How often the queue hands a message out that could not be handled, before it is put aside. */
export const MAXIMUM_RECEIVES = 5;

const rule = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under checkouts in relay.yaml')
  .describe('The rule under which items are opened: a name under checkouts in relay.yaml.');

const id = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,47}$/, 'use 1 to 48 letters, digits, dots, hyphens and underscores')
  .describe(
    'Tells this checkout from all others that its sender asks for under the rule: a ticket number, or an id of yours.',
  );

const instant = z.iso.datetime({ offset: true, error: 'use a time with its zone, such as 2026-03-01T08:00:00Z' });

/** It goes to the vault, whose people read it in one line, and into questions that no other text survives. */
const plainText = z
  .string()
  .refine(
    isPlainText,
    'use whole characters, and no control characters such as tabs, line breaks or marks of direction',
  );

const LONGEST_WINDOW_MINUTES = 525_600;

const MAX_LABELS = 6;

/**
 * How a message addresses an item: texts under the names of labels, in the order of those names. Which labels an address has
 * depends on what the rule reads: see `checkAddress`.
 */
const labels = z
  .record(
    z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,30}$/, 'use the name of a label, such as systemName'),
    plainText.min(1).max(246),
  )
  .refine((record) => Object.keys(record).length > 0, 'name the item, such as by systemName and accountName')
  .refine((record) => Object.keys(record).length <= MAX_LABELS, `use at most ${MAX_LABELS} labels`)
  .transform((record) =>
    Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1))),
  )
  .meta({ minProperties: 1, maxProperties: MAX_LABELS })
  .describe(
    'An item by what its vault calls it: of an account systemName and accountName, which of a directory account is DOMAIN\\name or its user principal name.',
  );

/** Case does not matter to the vault. */
const isEachOnce = (items: readonly z.infer<typeof labels>[]): boolean =>
  new Set(items.map((item) => JSON.stringify(item).toLowerCase())).size === items.length;

const checkoutRequested = z.strictObject({
  type: z.literal('checkout.requested').describe('Opens items for a window of time.'),
  checkout: rule,
  id,
  items: z
    .array(labels)
    .min(1)
    .max(20)
    .refine(isEachOnce, 'name each item once')
    .describe('The items to open, all of them or none.'),
  window: z
    .union([
      z.strictObject({
        from: instant.optional().describe('When to ask for access; at once when left out.'),
        minutes: z.int().min(1).max(LONGEST_WINDOW_MINUTES).describe('How long, counted from the delivery.'),
      }),
      z.strictObject({
        from: instant.optional().describe('When to ask for access; at once when left out.'),
        until: instant.describe('When access ends.'),
      }),
    ])
    .describe('For how long.'),
  reason: plainText
    .trim()
    .min(1)
    .max(500)
    .describe('Why, in one line. Approvers and auditors read it: nothing secret.'),
  ticket: z
    .string()
    .regex(/^[\w.:#/-]{1,64}$/, 'use 1 to 64 letters, digits and . : # / _ -')
    .optional()
    .describe("Number of the ticket in the rule's ticket system."),
});

const checkoutExtended = z.strictObject({
  type: z.literal('checkout.extended').describe('Lets a checkout last longer.'),
  checkout: rule,
  id,
  until: instant.describe('When access is to end now. An earlier time than before changes nothing.'),
});

const checkoutReleased = z.strictObject({
  type: z.literal('checkout.released').describe('Ends a checkout, also one that is yet to be asked for.'),
  checkout: rule,
  id,
});

const credentialChanged = z.strictObject({
  type: z.literal('credential.changed').describe('Brings the syncs that deliver an item up to date with it now.'),
  connection: z.string().min(1).describe('The vault in which it changed: a name under connections in relay.yaml.'),
  item: labels,
});

export const messageSchema = z.discriminatedUnion('type', [
  checkoutRequested,
  checkoutExtended,
  checkoutReleased,
  credentialChanged,
]);
export type Message = z.infer<typeof messageSchema>;
export type CheckoutRequested = z.infer<typeof checkoutRequested>;
export type CheckoutExtended = z.infer<typeof checkoutExtended>;
export type CheckoutReleased = z.infer<typeof checkoutReleased>;
export type CredentialChanged = z.infer<typeof credentialChanged>;

/**
 * What a checkout works by: the message that asked for it, who sent it, and when its id was first heard of. It is the input of
 * an execution.
 */
export const checkoutOrderSchema = checkoutRequested.extend({
  principal: principalSchema,
  opening: z.iso.datetime(),
});
export type CheckoutOrder = z.infer<typeof checkoutOrderSchema>;

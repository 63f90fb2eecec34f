import * as z from 'zod';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { id, isEachOnce, labels, plainText, ticket } from '#shared/messages/fields.ts';
import { memberJoined, memberLeft, memberMoved } from '#shared/messages/member-messages.ts';
import {
  holdReleased,
  rotationRequested,
  rotationResumed,
  rotationStopped,
} from '#shared/messages/rotation-messages.ts';

/**
 * Messages to the relay's queue. Each can arrive twice, and in any order. Parsing puts the fields of a message into a
 * fixed order, so that equal messages have equal text. The published schema is `messages.schema.json`.
 */

/** Deliveries of a message by the queue before it is moved to the queue of refused messages. */
export const MAX_RECEIVES = 5;

const rule = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under checkouts in relay.yaml')
  .describe('The rule for the checkout: a name under checkouts in relay.yaml.');

const checkoutId = id.describe(
  'Id of the checkout, unique among those of the same sender under the rule: a ticket number, or an id of your own.',
);

const instant = z.iso.datetime({ offset: true, error: 'use a time with a time zone, such as 2026-03-01T08:00:00Z' });

const MAX_WINDOW_MINUTES = 525_600;

const checkoutRequested = z.strictObject({
  type: z.literal('checkout.requested').describe('Checks out items for a window of time.'),
  checkout: rule,
  id: checkoutId,
  items: z
    .array(labels)
    .min(1)
    .max(20)
    .refine(isEachOnce, 'name each item once')
    .describe('Items to check out: all of them or none.'),
  window: z
    .union([
      z.strictObject({
        from: instant.optional().describe('Time at which access is requested; immediately if omitted.'),
        minutes: z.int().min(1).max(MAX_WINDOW_MINUTES).describe('Length in minutes, counted from the delivery.'),
      }),
      z.strictObject({
        from: instant.optional().describe('Time at which access is requested; immediately if omitted.'),
        until: instant.describe('Time at which access ends.'),
      }),
    ])
    .describe('Window of the checkout.'),
  reason: plainText
    .trim()
    .min(1)
    .max(500)
    .describe('Reason, in one line. Approvers and auditors read it, so it must not contain secrets.'),
  ticket: ticket.optional().describe("Number of the ticket in the rule's ticket system."),
});

const checkoutExtended = z.strictObject({
  type: z.literal('checkout.extended').describe('Extends a checkout.'),
  checkout: rule,
  id: checkoutId,
  until: instant.describe('New end of access. A time before the current end changes nothing.'),
});

const checkoutShortened = z.strictObject({
  type: z.literal('checkout.shortened').describe('Sets another end of a checkout, even before its request.'),
  checkout: rule,
  id: checkoutId,
  until: instant.describe(
    'New end of access: earlier than the requested one, or later by at most the extension of the rule. A time in the past ends it at once.',
  ),
  position: z
    .int()
    .min(0)
    .describe(
      'Order among these messages: a counter, or a time in epoch milliseconds. The end with the highest position counts.',
    ),
});

const checkoutReleased = z.strictObject({
  type: z
    .literal('checkout.released')
    .describe('Releases a checkout, including one whose request has not arrived yet.'),
  checkout: rule,
  id: checkoutId,
});

const credentialChanged = z.strictObject({
  type: z.literal('credential.changed').describe('Starts the syncs that deliver an item whose credential has changed.'),
  connection: z.string().min(1).describe('Vault of the item: a name under connections in relay.yaml.'),
  item: labels,
});

const blueprint = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under provisioning in relay.yaml')
  .describe('The blueprint: a name under provisioning in relay.yaml.');

const subject = z
  .string()
  .regex(/^[A-Za-z0-9][\w.:-]{0,63}$/, 'use 1 to 64 letters, digits, dots, colons, hyphens and underscores')
  .describe('Id of the subject: a machine, for example. It belongs to the sender that names it first.');

const position = z
  .int()
  .min(0)
  .describe(
    'Order among the messages about the subject: a counter, or the time of the event in epoch milliseconds. A message with a lower position than a known one is ignored.',
  );

const MAX_INPUTS = 20;
const MAX_INPUT_LENGTH = 256;

const provisionRequested = z.strictObject({
  type: z.literal('provision.requested').describe('Provisions a subject, or brings it up to date.'),
  provisioning: blueprint,
  subject,
  position,
  inputs: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an input'), plainText.max(MAX_INPUT_LENGTH))
    .refine((inputs) => Object.keys(inputs).length <= MAX_INPUTS, `use at most ${MAX_INPUTS} inputs`)
    // A message must result in the same text whatever the order of its fields.
    .overwrite((inputs) => Object.fromEntries(Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .meta({ maxProperties: MAX_INPUTS })
    .default({})
    .describe('Texts for the inputs that the blueprint declares.'),
});

const deprovisionRequested = z.strictObject({
  type: z.literal('deprovision.requested').describe('Withdraws access to a subject, and deletes it later.'),
  provisioning: blueprint,
  subject,
  position,
});

export const messageSchema = z.discriminatedUnion('type', [
  checkoutRequested,
  checkoutExtended,
  checkoutShortened,
  checkoutReleased,
  credentialChanged,
  rotationRequested,
  holdReleased,
  rotationStopped,
  rotationResumed,
  provisionRequested,
  deprovisionRequested,
  memberJoined,
  memberLeft,
  memberMoved,
]);
export type Message = z.infer<typeof messageSchema>;
export type CheckoutRequested = z.infer<typeof checkoutRequested>;
export type CheckoutExtended = z.infer<typeof checkoutExtended>;
export type CheckoutShortened = z.infer<typeof checkoutShortened>;
export type CheckoutReleased = z.infer<typeof checkoutReleased>;
export type CredentialChanged = z.infer<typeof credentialChanged>;
export type ProvisionRequested = z.infer<typeof provisionRequested>;
export type DeprovisionRequested = z.infer<typeof deprovisionRequested>;

/**
 * Input of a checkout's execution: the message that requested it, its sender, and the time of the first message with
 * its id.
 */
export const checkoutOrderSchema = checkoutRequested.extend({
  principal: principalSchema,
  opening: z.iso.datetime(),
});
export type CheckoutOrder = z.infer<typeof checkoutOrderSchema>;

import * as z from 'zod';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { isPlainText } from '#shared/domain/text.ts';

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

const id = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,47}$/, 'use 1 to 48 letters, digits, dots, hyphens and underscores')
  .describe(
    'Id of the checkout, unique among those of the same sender under the rule: a ticket number, or an id of your own.',
  );

const instant = z.iso.datetime({ offset: true, error: 'use a time with a time zone, such as 2026-03-01T08:00:00Z' });

/** Text for the vault, which shows it on one line, and for its queries, which need plain text. */
const plainText = z
  .string()
  .refine(
    isPlainText,
    'use well-formed Unicode without control characters, such as tabs, line breaks or bidirectional marks',
  );

const MAX_WINDOW_MINUTES = 525_600;

const MAX_LABELS = 6;

/**
 * Address of an item in a message: texts by label name, sorted by that name. The required labels depend on the rule's
 * source; see `checkAddress`.
 */
const labels = z
  .record(
    z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,30}$/, 'use the name of a label, such as systemName'),
    plainText.min(1).max(246),
  )
  .refine((record) => Object.keys(record).length > 0, 'address the item, for example by systemName and accountName')
  .refine((record) => Object.keys(record).length <= MAX_LABELS, `use at most ${MAX_LABELS} labels`)
  .transform((record) =>
    Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1))),
  )
  .meta({ minProperties: 1, maxProperties: MAX_LABELS })
  .describe(
    'Address of an item by its labels in the vault. For an account: systemName and accountName. For a directory account, accountName is DOMAIN\\name or the user principal name.',
  );

/** Names in the vault are not case-sensitive. */
const isEachOnce = (items: readonly z.infer<typeof labels>[]): boolean =>
  new Set(items.map((item) => JSON.stringify(item).toLowerCase())).size === items.length;

const ticket = z.string().regex(/^[\w.:#/-]{1,64}$/, 'use 1 to 64 letters, digits and . : # / _ -');

const checkoutRequested = z.strictObject({
  type: z.literal('checkout.requested').describe('Checks out items for a window of time.'),
  checkout: rule,
  id,
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
  id,
  until: instant.describe('New end of access. A time before the current end changes nothing.'),
});

const checkoutShortened = z.strictObject({
  type: z.literal('checkout.shortened').describe('Sets another end of a checkout, even before its request.'),
  checkout: rule,
  id,
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
  id,
});

const credentialChanged = z.strictObject({
  type: z.literal('credential.changed').describe('Starts the syncs that deliver an item whose credential has changed.'),
  connection: z.string().min(1).describe('Vault of the item: a name under connections in relay.yaml.'),
  item: labels,
});

/** Fields that select the items of a rotation. A request has exactly one of them; a retest may have none. */
const SELECTIONS = ['items', 'systems', 'ticket', 'everything'] as const;

const rotationRequested = z
  .strictObject({
    type: z
      .literal('rotation.requested')
      .describe('Rotates items of a rotation. It names them by exactly one of items, systems, ticket and everything.'),
    rotation: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under rotations in relay.yaml')
      .describe('The rotation: a name under rotations in relay.yaml.'),
    id: id.describe('Id of the request, unique among those of the same sender under the rotation.'),
    items: z
      .array(labels)
      .min(1)
      .max(100)
      .refine(isEachOnce, 'name each item once')
      .optional()
      .describe('Items to rotate, of those that the rotation selects.'),
    systems: z
      .array(plainText.min(1).max(246))
      .min(1)
      .max(100)
      .refine(
        (patterns) => patterns.some((pattern) => !pattern.startsWith('!')),
        'write at least one pattern that includes systems, such as "db-*"',
      )
      .optional()
      .describe('Patterns of systems, as in relay.yaml. Rotates the items of those systems that the rotation selects.'),
    ticket: ticket
      .optional()
      .describe('Number of a ticket. Rotates what was ever checked out under it, as far as the rotation selects it.'),
    everything: z
      .literal(true, 'write true, or leave it out')
      .optional()
      .describe('True to rotate everything that the rotation selects. Only a rule with emergency: true takes it.'),
    retest: z
      .literal(true, 'write true, or leave it out')
      .optional()
      .describe(
        'Tests the items again whose new credential failed its test, once and without a change. It may select some of them.',
      ),
  })
  .refine((message) => {
    const selections = SELECTIONS.filter((field) => message[field] !== undefined).length;
    return selections === 1 || (selections === 0 && message.retest === true);
  }, 'must select items by exactly one of "items", "systems", "ticket" and "everything"')
  .meta({
    oneOf: [
      ...SELECTIONS.map((field) => ({ required: [field] })),
      { required: ['retest'], not: { anyOf: SELECTIONS.map((field) => ({ required: [field] })) } },
    ],
  });

const holdReleased = z.strictObject({
  type: z
    .literal('hold.released')
    .describe('Delivers items although their new credential failed the test of a rotation.'),
  rotation: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under rotations in relay.yaml')
    .describe('A rotation of the vault of the items: a name under rotations in relay.yaml.'),
  id: id.describe('Id of the message, for your own use.'),
  items: z.array(labels).min(1).max(100).refine(isEachOnce, 'name each item once').describe('Items to deliver.'),
});

const rotation = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under rotations in relay.yaml')
  .describe('The rotation: a name under rotations in relay.yaml.');

const rotationMessageId = id.describe(
  'Id of the message, unique among those of the same type and sender under the rotation.',
);

const rotationStopped = z.strictObject({
  type: z
    .literal('rotation.stopped')
    .describe('Stops every execution of a rotation that began before. Changes that have started still end.'),
  rotation,
  id: rotationMessageId,
});

const rotationResumed = z.strictObject({
  type: z
    .literal('rotation.resumed')
    .describe('Continues the rotation that was stopped or failed, where it ended. It waits for one that still runs.'),
  rotation,
  id: rotationMessageId,
  acceptFailures: z
    .boolean()
    .default(false)
    .describe('True to count only later failures against the threshold. Default: false.'),
  retry: z
    .array(labels)
    .max(100)
    .refine(isEachOnce, 'name each item once')
    .default([])
    .describe('Items to start again, of those that failed, also by a test. Default: none.'),
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
]);
export type Message = z.infer<typeof messageSchema>;
export type CheckoutRequested = z.infer<typeof checkoutRequested>;
export type CheckoutExtended = z.infer<typeof checkoutExtended>;
export type CheckoutShortened = z.infer<typeof checkoutShortened>;
export type CheckoutReleased = z.infer<typeof checkoutReleased>;
export type CredentialChanged = z.infer<typeof credentialChanged>;
export type RotationRequested = z.infer<typeof rotationRequested>;
export type HoldReleased = z.infer<typeof holdReleased>;
export type RotationStopped = z.infer<typeof rotationStopped>;
export type RotationResumed = z.infer<typeof rotationResumed>;
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

import * as z from 'zod';
import { id, isEachOnce, labels, plainText, ticket } from '#shared/messages/fields.ts';

/** Messages about rotations. */

const rotation = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use the name of an entry under rotations in relay.yaml')
  .describe('The rotation: a name under rotations in relay.yaml.');

/** Fields that select the items of a rotation. A request has exactly one of them; a retest may have none. */
const SELECTIONS = ['items', 'systems', 'ticket', 'everything'] as const;

export const rotationRequested = z
  .strictObject({
    type: z
      .literal('rotation.requested')
      .describe('Rotates items of a rotation. It names them by exactly one of items, systems, ticket and everything.'),
    rotation,
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

export const holdReleased = z.strictObject({
  type: z
    .literal('hold.released')
    .describe('Delivers items although their new credential failed the test of a rotation.'),
  rotation: rotation.describe('A rotation of the vault of the items: a name under rotations in relay.yaml.'),
  id: id.describe('Id of the message, for your own use.'),
  items: z.array(labels).min(1).max(100).refine(isEachOnce, 'name each item once').describe('Items to deliver.'),
});

const rotationMessageId = id.describe(
  'Id of the message, unique among those of the same type and sender under the rotation.',
);

export const rotationStopped = z.strictObject({
  type: z
    .literal('rotation.stopped')
    .describe('Stops every execution of a rotation that began before. Changes that have started still end.'),
  rotation,
  id: rotationMessageId,
});

export const rotationResumed = z.strictObject({
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
    .describe(
      'Items to start again, of those that failed, also by a test, or were skipped at their turn. Default: none.',
    ),
});

export type RotationRequested = z.infer<typeof rotationRequested>;
export type HoldReleased = z.infer<typeof holdReleased>;
export type RotationStopped = z.infer<typeof rotationStopped>;
export type RotationResumed = z.infer<typeof rotationResumed>;

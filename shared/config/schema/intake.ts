import * as z from 'zod';

const sender = z.strictObject({
  role: z
    .string()
    .regex(
      /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'use the ARN of a role, such as arn:aws:iam::111122223333:role/ticket-system',
    )
    .meta({ examples: ['arn:aws:iam::111122223333:role/ticket-system'] })
    .describe('ARN of the role. It must exist when the stack is deployed.'),
  id: z
    .string()
    .regex(
      /^AROA[A-Z0-9]{12,124}$/,
      'use the unique id of the role: aws iam get-role --role-name ROLE --query Role.RoleId',
    )
    .meta({ examples: ['AROA1234567890EXAMPLE'] })
    .describe(
      'Unique id of the role, such as AROA1234567890EXAMPLE. Messages carry this id instead of the ARN. A role that is created again has a different id.',
    ),
  mayRelease: z.boolean().default(false).describe('True if the role may release checkouts of other senders.'),
});

const isEachOnce = (senders: readonly z.infer<typeof sender>[]): boolean =>
  [senders.map(({ role }) => role), senders.map(({ id }) => id)].every(
    (texts) => new Set(texts).size === senders.length,
  );

/** The queue of messages: docs/messages.md. */
export const intake = z.strictObject({
  senders: z
    .array(sender)
    .refine(isEachOnce, 'list each role once, with its own id')
    .default([])
    .describe('Roles that may send messages, including roles of other accounts.'),
  concurrency: z
    .int()
    .min(2)
    .max(100)
    .default(5)
    .describe('Batches of up to ten messages that are handled concurrently.'),
});

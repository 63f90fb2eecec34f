import * as z from 'zod';

const sender = z.strictObject({
  role: z
    .string()
    .regex(
      /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'use the ARN of a role, such as arn:aws:iam::111122223333:role/ticket-system',
    )
    .describe('ARN of the role. It has to exist when the stack is deployed.'),
  id: z
    .string()
    .regex(
      /^AROA[A-Z0-9]{12,124}$/,
      'use the unique id of the role: aws iam get-role --role-name ROLE --query Role.RoleId',
    )
    .describe(
      'Unique id of the role, such as AROA1234567890EXAMPLE. Messages carry it and not the ARN; a role that is made anew has another.',
    ),
  mayRelease: z.boolean().default(false).describe('Whether it may end checkouts that others have asked for.'),
});

const isEachOnce = (senders: readonly z.infer<typeof sender>[]): boolean =>
  [senders.map(({ role }) => role), senders.map(({ id }) => id)].every(
    (texts) => new Set(texts).size === senders.length,
  );

/** The queue of messages: docs/messages.md. */
export const intake = z.strictObject({
  senders: z
    .array(sender)
    .refine(isEachOnce, 'name each role once, each with an id of its own')
    .default([])
    .describe('The roles that may send messages, of other accounts, too.'),
  concurrency: z
    .int()
    .min(2)
    .max(100)
    .default(5)
    .describe('How many batches of up to ten messages are handled at the same time.'),
});

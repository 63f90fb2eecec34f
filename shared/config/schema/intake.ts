import * as z from 'zod';

/** The queue of messages: docs/messages.md. */
export const intake = z.strictObject({
  senders: z
    .array(
      z
        .string()
        .regex(
          /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
          'use the ARN of a role, such as arn:aws:iam::111122223333:role/ticket-system',
        ),
    )
    .default([])
    .describe(
      'ARNs of the roles that may send messages, of other accounts, too. They have to exist when the stack is deployed.',
    ),
  concurrency: z
    .int()
    .min(2)
    .max(100)
    .default(5)
    .describe('How many batches of up to ten messages are handled at the same time.'),
});

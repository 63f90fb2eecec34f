import * as z from 'zod';

/**
 * Sender of a message. `aws`: the unique id of an AWS role or user. A role or user that is created again under the same
 * name has a different id. `route`: the name of a webhook, whose signature proves the sender.
 */
export const principalSchema = z.object({ kind: z.enum(['aws', 'route']), id: z.string().min(1).max(128) });
export type Principal = z.infer<typeof principalSchema>;

/**
 * Sender of an SQS message: the part of its `SenderId` before the colon. For a role the session name follows the colon.
 * Undefined if the message has no valid `SenderId`. Pure.
 *
 * Source: SQS API reference, ReceiveMessage, `SenderId`.
 */
export const principalOf = (senderId: string): Principal | undefined => {
  const [id = ''] = senderId.split(':');
  const { data } = principalSchema.safeParse({ kind: 'aws', id });
  return data;
};

import * as z from 'zod';

/**
 * Who sends a message. `id` is the unique id of a role or a user in AWS: one that is made anew under the same name has
 * another.
 */
export const principalSchema = z.object({ kind: z.literal('aws'), id: z.string().min(1).max(128) });
export type Principal = z.infer<typeof principalSchema>;

/**
 * Sender of a message of SQS: the part of its `SenderId` before the colon, behind which a role has the name of its session.
 * Undefined when SQS does not tell. Pure.
 *
 * Source: SQS API reference, ReceiveMessage, `SenderId`.
 */
export const principalOf = (senderId: string): Principal | undefined => {
  const [id = ''] = senderId.split(':');
  const { data } = principalSchema.safeParse({ kind: 'aws', id });
  return data;
};

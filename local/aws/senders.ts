import * as z from 'zod';
import type { AwsCall } from './calls.ts';
import { senderIdOf } from './principals.ts';

const sentSchema = z.union([
  z.object({ MessageId: z.string() }).transform(({ MessageId }) => [MessageId]),
  z
    .object({ Successful: z.array(z.object({ MessageId: z.string() })) })
    .transform(({ Successful }) => Successful.map(({ MessageId }) => MessageId)),
]);

const receivedSchema = z.looseObject({
  Messages: z.array(z.looseObject({ MessageId: z.string(), Attributes: z.record(z.string(), z.string()).optional() })),
});

/**
 * Records the sender of each message and adds it as `SenderId` when the message is received. The underlying emulator
 * does not distinguish senders. A message from a topic has no sender.
 */
export const createSenders = () => {
  const senders = new Map<string, string>();
  const pending = new Set<Promise<string>>();

  const recordSender = async (caller: string, sending: Promise<string>): Promise<string> => {
    pending.add(sending);
    try {
      const answer = await sending;
      const { data: ids = [] } = sentSchema.safeParse(JSON.parse(answer));
      for (const id of ids) senders.set(id, senderIdOf(caller));
      return answer;
    } finally {
      pending.delete(sending);
    }
  };

  const addSenders = async (answer: string): Promise<string> => {
    const { data } = receivedSchema.safeParse(JSON.parse(answer));
    if (data === undefined) return answer;
    // A message can be received before the response to its sender.
    await Promise.allSettled(pending);
    const Messages = data.Messages.map((message) => {
      const SenderId = senders.get(message.MessageId);
      const hasSender = SenderId !== undefined && message.Attributes?.['SenderId'] !== undefined;
      return hasSender ? { ...message, Attributes: { ...message.Attributes, SenderId } } : message;
    });
    return JSON.stringify({ ...data, Messages });
  };

  /** Processes a JSON response of SQS for its caller. */
  return ({ action, caller }: Pick<AwsCall, 'action' | 'caller'>, answering: Promise<string>): Promise<string> => {
    if (action === 'SendMessage' || action === 'SendMessageBatch') return recordSender(caller, answering);
    return action === 'ReceiveMessage' ? answering.then(addSenders) : answering;
  };
};

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
 * Remembers who has sent each message, for which the emulator beneath takes everybody alike, and says so to whoever receives it.
 * A message that a topic has sent has no caller.
 */
export const createSenders = () => {
  const senders = new Map<string, string>();
  const underWay = new Set<Promise<string>>();

  const remember = async (caller: string, sending: Promise<string>): Promise<string> => {
    underWay.add(sending);
    try {
      const answer = await sending;
      const { data: ids = [] } = sentSchema.safeParse(JSON.parse(answer));
      for (const id of ids) senders.set(id, senderIdOf(caller));
      return answer;
    } finally {
      underWay.delete(sending);
    }
  };

  const tell = async (answer: string): Promise<string> => {
    const { data } = receivedSchema.safeParse(JSON.parse(answer));
    if (data === undefined) return answer;
    // It may be received before its own sender has the answer.
    await Promise.allSettled(underWay);
    const Messages = data.Messages.map((message) => {
      const SenderId = senders.get(message.MessageId);
      const isTold = SenderId !== undefined && message.Attributes?.['SenderId'] !== undefined;
      return isTold ? { ...message, Attributes: { ...message.Attributes, SenderId } } : message;
    });
    return JSON.stringify({ ...data, Messages });
  };

  /** What a caller gets for an answer of SQS, which is JSON. */
  return ({ action, caller }: Pick<AwsCall, 'action' | 'caller'>, answering: Promise<string>): Promise<string> => {
    if (action === 'SendMessage' || action === 'SendMessageBatch') return remember(caller, answering);
    return action === 'ReceiveMessage' ? answering.then(tell) : answering;
  };
};

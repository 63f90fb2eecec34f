import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSMessageAttribute, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { LOCAL_REGION } from '../environment.ts';
import type { InvocationResult } from '../functions/protocol.ts';

/** A message with the fields that SQS always returns. */
export type Received = Required<Pick<Message, 'MessageId' | 'ReceiptHandle' | 'Body'>> & Message;

export const isReceived = (message: Message): message is Received =>
  message.MessageId !== undefined && message.ReceiptHandle !== undefined && message.Body !== undefined;

/**
 * A batch in the format of Lambda. Source: Lambda developer guide, "Using Lambda with Amazon SQS".
 * @param shiftMs Offset of the clock from the machine's, which the queue uses.
 */
export const toEvent = (messages: readonly Received[], queueArn: string, shiftMs: number): SQSEvent => {
  const shifted = (timestamp = '0') => String(Number(timestamp) + shiftMs);
  const toRecord = (message: Received): SQSRecord => ({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: shifted(message.Attributes?.SentTimestamp),
      SenderId: message.Attributes?.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: shifted(message.Attributes?.ApproximateFirstReceiveTimestamp),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, toAttribute(value)]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: LOCAL_REGION,
  });
  return { Records: messages.map(toRecord) };
};

const toAttribute = ({
  DataType = 'String',
  StringValue,
  BinaryValue,
}: MessageAttributeValue): SQSMessageAttribute => ({
  ...(StringValue !== undefined && { stringValue: StringValue }),
  ...(BinaryValue !== undefined && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType,
});

const failuresSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullable();

/**
 * Returns the failed messages of a batch: all messages if the function throws or reports failures in a format that AWS
 * does not accept. Source: Lambda developer guide, "Handling errors for an SQS event source in Lambda".
 */
export const failedOf = (
  messages: readonly Received[],
  result: InvocationResult,
  { reportsFailures }: { readonly reportsFailures: boolean },
): readonly Received[] => {
  if (!result.ok) return messages;
  if (!reportsFailures) return [];
  const answer = failuresSchema.safeParse(JSON.parse(result.payload));
  if (!answer.success) return messages;
  const failed = new Set(answer.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  const known = messages.filter(({ MessageId }) => failed.has(MessageId));
  return known.length < failed.size ? messages : known;
};

import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsClientConfig } from '#shared/aws/client.ts';
import { showText } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';

const MAX_REASON_CHARACTERS = 1000;

/** Characters that SQS rejects and that a name in a message can contain. Source: SendMessage, `MessageBody`. */
const REJECTED = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** Kept over invocations, with its connections. */
let client: SQSClient | undefined;

/** A message received from a queue. */
interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** JSON with the characters that SQS rejects as escapes, which mean the same. They occur in texts of JSON alone. */
const acceptable = (json: string): string =>
  json.replace(REJECTED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Sends messages, which are JSON, to a queue. Raises `StoreUnavailable` if it does not accept one. */
export const createSend =
  (queueUrl: string) =>
  async (json: string): Promise<void> => {
    const notAccepted = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The queue did not accept a message.', { cause });
    const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
    client ??= new SQSClient(awsClientConfig());
    let answer: { MessageId?: string | undefined };
    try {
      answer = await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: acceptable(json) }));
    } catch (cause) {
      throw notAccepted(cause);
    }
    // SQS always returns an id. A success without one came from a proxy.
    if (answer.MessageId === undefined) throw notAccepted();
  };

/** Sends a refused message to the dead-letter queue, with its unchanged body and the reason as an attribute. */
export const createRefuse =
  (queueUrl: string) =>
  async ({ messageId, body }: Message, { name, message }: RelayError): Promise<void> => {
    const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
    const attribute = (text: string) => ({ DataType: 'String', StringValue: text });
    const reason = showText(`${name}: ${message}`).replace(REJECTED, '?').slice(0, MAX_REASON_CHARACTERS);
    const notAccepted = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The dead-letter queue did not accept a refused message.', { cause });
    let answer: { MessageId?: string | undefined };
    try {
      answer = await new SQSClient(awsClientConfig()).send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          MessageAttributes: { reason: attribute(reason), messageId: attribute(messageId) },
        }),
      );
    } catch (cause) {
      throw notAccepted(cause);
    }
    // SQS always returns an id. A success without one came from a proxy.
    if (answer.MessageId === undefined) throw notAccepted();
  };

import { awsClientConfig } from '#shared/aws/client.ts';
import { showText } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';

const MAX_REASON_CHARACTERS = 1000;

/** What SQS does not take in text (SendMessage, `MessageBody`), and a name in a message may hold. */
const NOT_TAKEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** A message as it came from a queue. */
interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** Puts a message aside into the dead-letter queue: its body as it came, and beside it why. */
export const createRefuse =
  (queueUrl: string) =>
  async ({ messageId, body }: Message, { name, message }: RelayError): Promise<void> => {
    const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
    const attribute = (text: string) => ({ DataType: 'String', StringValue: text });
    const reason = showText(`${name}: ${message}`).replace(NOT_TAKEN, '?').slice(0, MAX_REASON_CHARACTERS);
    const notTaken = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The dead-letter queue did not take a refused message.', { cause });
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
      throw notTaken(cause);
    }
    // Whatever says success without it was not SQS.
    if (answer.MessageId === undefined) throw notTaken();
  };

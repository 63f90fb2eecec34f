import { awsClientConfig } from '#shared/aws/client.ts';
import { shorten, showText } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';

/** SNS takes subjects of up to 100 characters and messages of up to 256 KiB (Publish, `Subject` and `Message`). */
const SUBJECT_LIMIT = 100;
const MESSAGE_LIMIT_BYTES = 200_000;

/** Tells people, by a subject and lines; text of others in them stays within its line. */
export type Notify = (subject: string, lines: readonly string[]) => Promise<void>;

/**
 * Publishes to the alert topic; the client is imported late, since most runs have nothing to tell. Raises `StoreUnavailable`;
 * repeating it tells people twice.
 */
export const createNotify =
  (topicArn: string): Notify =>
  async (subject, lines) => {
    const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
    const text = lines.map(showText).join('\n');
    const message = Buffer.from(text).subarray(0, MESSAGE_LIMIT_BYTES).toString();
    const notTaken = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The alert topic did not take the notification.', { cause });
    let answer: { MessageId?: string | undefined };
    try {
      answer = await new SNSClient(awsClientConfig()).send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: shorten(showText(subject), SUBJECT_LIMIT),
          Message: message,
        }),
      );
    } catch (cause) {
      throw notTaken(cause);
    }
    // Whatever says success without it was not SNS.
    if (answer.MessageId === undefined) throw notTaken();
  };

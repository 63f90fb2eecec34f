import { awsClientConfig } from '#shared/aws/client.ts';
import { shorten, showText } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';

/** SNS accepts subjects of up to 100 characters and messages of up to 256 KiB. Source: Publish. */
const SUBJECT_LIMIT = 100;
const MESSAGE_LIMIT_BYTES = 200_000;

/** Sends an alert: a subject and lines. Each line stays one line, even if it contains text from other systems. */
export type Notify = (subject: string, lines: readonly string[]) => Promise<void>;

/**
 * Publishes to the alert topic. The client is imported on demand, because most runs send no alert. Raises
 * `StoreUnavailable`; a repeated call sends the alert twice.
 */
export const createNotify =
  (topicArn: string): Notify =>
  async (subject, lines) => {
    const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
    const text = lines.map(showText).join('\n');
    const message = Buffer.from(text).subarray(0, MESSAGE_LIMIT_BYTES).toString();
    const notAccepted = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The alert topic did not accept the notification.', { cause });
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
      throw notAccepted(cause);
    }
    // SNS always returns an id. A success without one came from a proxy.
    if (answer.MessageId === undefined) throw notAccepted();
  };

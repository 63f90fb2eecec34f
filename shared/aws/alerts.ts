import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';

/** SNS takes subjects of up to 100 characters and messages of up to 256 KiB (Publish, `Subject` and `Message`). */
const SUBJECT_LIMIT = 100;
const MESSAGE_LIMIT_BYTES = 200_000;

/** Publishes to the alert topic; the client is imported late, since most runs have nothing to tell. */
export const createNotify =
  (topicArn: string) =>
  async (subject: string, text: string): Promise<void> => {
    const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
    const message = Buffer.from(text).subarray(0, MESSAGE_LIMIT_BYTES).toString();
    const notTaken = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'The alert topic did not take the notification.', { cause });
    let answer: { MessageId?: string | undefined };
    try {
      answer = await new SNSClient(awsClientConfig()).send(
        new PublishCommand({ TopicArn: topicArn, Subject: subject.slice(0, SUBJECT_LIMIT), Message: message }),
      );
    } catch (cause) {
      throw notTaken(cause);
    }
    // Whatever says success without it was not SNS.
    if (answer.MessageId === undefined) throw notTaken();
  };

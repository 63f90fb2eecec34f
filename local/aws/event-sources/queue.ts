import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { lambdaWithRoleOf } from '../permissions/permissions.ts';
import { localClientConfig } from '../resources.ts';
import { isReceived, type Received } from './batch.ts';

/** A queue as Lambda uses it for a function, with the function's role. */
export interface ReadQueue {
  /** @throws when Lambda may not ask. */
  visibilitySeconds(): Promise<number>;
  /** Up to so many messages; waits for the first of them, and gives none when it is told to stop. */
  receive(count: number, waitSeconds: number): Promise<Received[]>;
  remove(messages: readonly Received[]): Promise<void>;
  /** Lets messages come back after so many seconds: time passing, which nobody's role has to allow. */
  hide(messages: readonly Received[], seconds: number): Promise<void>;
}

export interface ReadQueueOptions {
  readonly url: string;
  readonly functionName: string;
  readonly endpoint: string;
  /** Ends whatever is waited for. */
  readonly signal: AbortSignal;
}

/** The most messages that one call of SQS is about. */
const MOST_AT_ONCE = 10;

export const openQueue = ({ url: QueueUrl, functionName, endpoint, signal }: ReadQueueOptions): ReadQueue => {
  const config = localClientConfig(endpoint);
  const credentials = { accessKeyId: lambdaWithRoleOf(functionName), secretAccessKey: 'local' };
  const lambda = new SQSClient({ ...config, credentials });
  const operator = new SQSClient(config);

  const receiveAtOnce = async (count: number, waitSeconds: number): Promise<Received[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: Math.min(MOST_AT_ONCE, count),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    try {
      const { Messages = [] } = await lambda.send(command, { abortSignal: signal });
      return Messages.filter(isReceived);
    } catch (thrown) {
      if (signal.aborted) return [];
      throw thrown;
    }
  };
  return {
    async visibilitySeconds() {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] });
      return Number((await lambda.send(command)).Attributes?.VisibilityTimeout);
    },
    async receive(count, waitSeconds) {
      const messages = await receiveAtOnce(count, waitSeconds);
      for (let last = messages.length; last > 0 && messages.length < count; ) {
        const more = await receiveAtOnce(count - messages.length, 0);
        messages.push(...more);
        last = more.length;
      }
      return messages;
    },
    async remove(messages) {
      for (const Entries of entriesOf(messages))
        await lambda.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    },
    async hide(messages, seconds) {
      for (const some of entriesOf(messages)) {
        const Entries = some.map((entry) => ({ ...entry, VisibilityTimeout: seconds }));
        await operator.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }
    },
  };
};

/** As many at a time as a call takes. */
function* entriesOf(messages: readonly Received[]) {
  for (let from = 0; from < messages.length; from += MOST_AT_ONCE) {
    const some = messages.slice(from, from + MOST_AT_ONCE);
    yield some.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  }
}

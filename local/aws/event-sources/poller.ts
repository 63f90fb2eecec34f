import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { Consumer, type ConsumerOptions } from 'sqs-consumer';
import type { Clock } from '../clock.ts';
import type { Functions } from '../functions/functions.ts';
import { lambdaWithRoleOf } from '../permissions/permissions.ts';
import { localClientConfig } from '../resources.ts';
import { failedOf, isReceived, type Received, toEvent } from './batch.ts';

/** An event source mapping: a queue, the function that processes its messages, and the settings. */
export interface Mapping {
  readonly queue: { readonly name: string; readonly arn: string; readonly url: string };
  readonly function: { readonly name: string; readonly arn: string; readonly timeoutMs: number };
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

export interface PollerOptions {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly functions: Pick<Functions, 'invoke'>;
  /** Factor for the visibility timeout of failed messages. 1 keeps it unchanged. */
  readonly waitScale: number;
}

/** Lambda's poller for one mapping: receives messages, invokes the function, and deletes processed messages. */
export interface Poller {
  /** Resolves after {@link Poller.stop}, when the batches in progress have ended. @throws the error of the queue. */
  readonly ended: Promise<void>;
  /** Resolves when the next batch has ended, or when the queue is empty. */
  progress(): Promise<void>;
  stop(): void;
}

/**
 * @throws if the function's role does not allow reading the queue, and if the visibility timeout is shorter than the
 * function's timeout.
 */
export const startPoller = async (mapping: Mapping, options: PollerOptions): Promise<Poller> => {
  const { queue, function: fn, batchSize, reportsFailures, maximumConcurrency } = mapping;
  const { endpoint, clock, functions, waitScale } = options;
  const config = localClientConfig(endpoint);
  const credentials = { accessKeyId: lambdaWithRoleOf(fn.name), secretAccessKey: 'local' };
  const lambda = new SQSClient({ ...config, credentials });
  const visibilitySeconds = await readVisibility(lambda, queue.url);
  refuseEarlyReturn(visibilitySeconds, fn);

  // Uses the operator's permissions, because this call stands for time that passes. The queue itself would apply the
  // visibility timeout in real time.
  const operator = new SQSClient(config);
  const hide = async (messages: readonly Received[]) => {
    if (messages.length === 0 || waitScale === 1) return;
    const VisibilityTimeout = Math.round(visibilitySeconds * waitScale);
    const Entries = messages.map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout,
    }));
    await operator.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }));
  };

  const readers = Array.from({ length: maximumConcurrency }, () =>
    startReader({
      sqs: lambda,
      queueUrl: queue.url,
      batchSize,
      messageSystemAttributeNames: ['All'],
      messageAttributeNames: ['All'],
      handleMessageBatch: async (batch) => {
        const messages = batch.filter(isReceived);
        const event = toEvent(messages, queue.arn, clock.now() - Date.now());
        const result = await functions.invoke(fn.arn, JSON.stringify(event));
        const failed = failedOf(messages, result, { reportsFailures });
        await hide(failed);
        return messages.filter((message) => !failed.includes(message));
      },
    }),
  );
  const ended = Promise.all(readers.map((reader) => reader.ended)).then(() => {});
  // Callers of `ended` receive the error. Without them, it must not end the process.
  ended.catch(() => {});
  return {
    ended,
    progress: () => Promise.race(readers.map((reader) => reader.progress())),
    stop: () => {
      for (const reader of readers) reader.stop();
    },
  };
};

/** Reads batches one after another. */
const startReader = (
  options: ConsumerOptions & { handleMessageBatch: (batch: Message[]) => Promise<Message[]> },
): Poller => {
  let isAtWork = false;
  let isStopped = false;
  let next = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const proceed = () => {
    next.resolve();
    next = Promise.withResolvers();
  };
  const consumer = Consumer.create(options);
  consumer.on('message_received', () => {
    isAtWork = true;
  });
  consumer.on('response_processed', () => {
    isAtWork = false;
    if (isStopped) ended.resolve();
    proceed();
  });
  consumer.on('empty', proceed);
  consumer.on('error', (error) => {
    if (isStopped) return;
    isStopped = true;
    consumer.stop();
    ended.reject(error);
  });
  consumer.start();
  return {
    ended: ended.promise,
    progress: () => next.promise,
    stop: () => {
      isStopped = true;
      // Aborts a pending long poll.
      consumer.stop({ abort: !isAtWork });
      if (!isAtWork) ended.resolve();
    },
  };
};

const readVisibility = async (sqs: SQSClient, QueueUrl: string): Promise<number> => {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] });
  return Number((await sqs.send(command)).Attributes?.VisibilityTimeout);
};

/** Rejects the mapping like `CreateEventSourceMapping`. */
const refuseEarlyReturn = (visibilitySeconds: number, { name, timeoutMs }: Mapping['function']) => {
  const timeoutSeconds = timeoutMs / 1000;
  if (visibilitySeconds >= timeoutSeconds) return;
  throw new Error(
    `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds (${name})`,
  );
};

import { Duration, Stack } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { accept } from '#infra/nag.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import type { Step } from '#shared/workflows/step.ts';

export interface QueuePairProps {
  /** End of the name of the queue. */
  readonly name: string;
  readonly key: RelayKey;
  /** The step whose function reads the queue. */
  readonly step: Pick<Step, 'seconds'>;
  /** Batches that are handled concurrently. */
  readonly concurrency: number;
  /** Content of the queues, in the plural. */
  readonly holds: string;
}

/** Maximum retention in SQS. */
const KEPT = Duration.days(14);

/**
 * The largest batch that SQS delivers without a batching window. It also limits the messages that fail with a batch.
 */
const BATCH = 10;

const SOON = Duration.minutes(5);

/** Age of a message that raises the alarm. Leaves time for two retries after a transient error. */
const LATE = Duration.minutes(15);

/** The texts of an alarm. */
type Worded = Pick<AlarmSpec, 'kind' | 'says'>;

/** A queue that a function reads, and its dead-letter queue. Both are encrypted with the key of the stack. */
export class QueuePair extends Construct {
  readonly queue: Queue;
  /** Refused messages, each with its reason, and messages whose retries are exhausted. */
  readonly refused: Queue;
  protected readonly key: RelayKey;
  /** Built from the name, because the queue refers to the key and to the other queue. */
  protected readonly queueArn: string;
  readonly #concurrency: number;

  constructor(scope: Construct, id: string, { name, key, step, concurrency, holds }: QueuePairProps) {
    super(scope, id);
    this.key = key;
    this.#concurrency = concurrency;
    const kept = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true, retentionPeriod: KEPT };
    const queueName = `${Stack.of(this).stackName}-${name}`;
    this.queueArn = Stack.of(this).formatArn({ service: 'sqs', resource: queueName });
    this.refused = new Queue(this, 'Refused', {
      ...kept,
      queueName: `${queueName}-refused`,
      redriveAllowPolicy: { sourceQueues: [Queue.fromQueueArn(this, 'Source', this.queueArn)] },
    });
    accept(this.refused, 'SQS3', `This queue is itself the dead-letter queue of ${holds}.`);
    this.queue = new Queue(this, 'Queue', {
      ...kept,
      queueName,
      // Source: Lambda developer guide, "Configuring a queue to use with Lambda".
      visibilityTimeout: Duration.seconds(6 * step.seconds),
      deadLetterQueue: { queue: this.refused, maxReceiveCount: MAX_RECEIVES },
    });
  }

  /** Permissions to receive messages and to move refused ones to the dead-letter queue. */
  permissions(): readonly Permission[] {
    return [
      {
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [this.queue.queueArn],
      },
      { actions: ['sqs:SendMessage'], resources: [this.refused.queueArn] },
      this.key.use('sqs', 'kms:Decrypt', 'kms:GenerateDataKey'),
    ];
  }

  /** Makes incoming messages invoke a function. */
  call(fn: RelayFunction): void {
    new EventSourceMapping(this, 'Messages', {
      target: fn.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: BATCH,
      reportBatchItemFailures: true,
      maxConcurrency: this.#concurrency,
    });
  }

  /** Alarms about refused messages, and about messages that wait. */
  alarms(refused: Worded, late: Worded): AlarmSpec[] {
    const atMost = { period: SOON, statistic: 'max' };
    return [
      { ...refused, metric: this.refused.metricApproximateNumberOfMessagesVisible(atMost) },
      {
        ...late,
        metric: this.queue.metricApproximateAgeOfOldestMessage(atMost),
        threshold: LATE.toSeconds(),
      },
    ];
  }
}

/** A queue pair to which functions of the stack send. */
export class SentQueue extends QueuePair {
  /** Permissions to send messages to the queue. */
  sending(): readonly Permission[] {
    return [
      { actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] },
      this.key.use('sqs', 'kms:Decrypt', 'kms:GenerateDataKey'),
    ];
  }
}

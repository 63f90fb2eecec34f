import { Duration, Stack } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import { graph } from '#infra/constructs/dashboard.ts';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import { type RelayKey, viaService } from '#infra/constructs/relay-key.ts';
import { accept } from '#infra/nag.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { intake as intakeSchema } from '#shared/config/schema/intake.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';

export interface IntakeProps {
  /** Default: the defaults of `intake` in relay.yaml. */
  readonly settings: RelayConfig['intake'];
  readonly key: RelayKey;
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

/** The queue for incoming messages and its dead-letter queue. */
export class Intake extends Construct {
  readonly queue: Queue;
  /** Refused messages, each with its reason, and messages whose retries are exhausted. */
  readonly refused: Queue;
  readonly #key: RelayKey;
  readonly #concurrency: number;
  /** Built from the name, because the queue refers to the key and to the other queue. */
  readonly #queueArn: string;

  constructor(scope: Construct, id: string, { settings = intakeSchema.parse({}), key }: IntakeProps) {
    super(scope, id);
    this.#key = key;
    this.#concurrency = settings.concurrency;
    const { stackName } = Stack.of(this);
    const kept = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true, retentionPeriod: KEPT };
    const queueName = `${stackName}-intake`;
    this.#queueArn = Stack.of(this).formatArn({ service: 'sqs', resource: queueName });
    this.refused = new Queue(this, 'Refused', {
      ...kept,
      queueName: `${queueName}-refused`,
      redriveAllowPolicy: { sourceQueues: [Queue.fromQueueArn(this, 'Source', this.#queueArn)] },
    });
    accept(this.refused, 'SQS3', 'This queue is itself the dead-letter queue of messages.');
    this.queue = new Queue(this, 'Queue', {
      ...kept,
      queueName,
      // Source: Lambda developer guide, "Configuring a queue to use with Lambda".
      visibilityTimeout: Duration.seconds(6 * intakeSteps.queue.seconds),
      deadLetterQueue: { queue: this.refused, maxReceiveCount: MAX_RECEIVES },
    });
    this.#allowSenders(settings.senders);
  }

  /** Permissions to receive messages and to move refused ones to the dead-letter queue. */
  permissions(): readonly Permission[] {
    return [
      {
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [this.queue.queueArn],
      },
      { actions: ['sqs:SendMessage'], resources: [this.refused.queueArn] },
      this.#key.use('sqs', 'kms:Decrypt', 'kms:GenerateDataKey'),
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

  /**
   * A sender to an encrypted queue also needs permission to use its key: only through SQS, and only for this queue.
   * Source: SQS developer guide, "Key management".
   */
  #allowSenders(senders: NonNullable<IntakeProps['settings']>['senders']): void {
    if (senders.length === 0) return;
    const principals = senders.map(({ role }) => new ArnPrincipal(role));
    this.queue.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }),
    );
    this.#key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: viaService(this, 'sqs', { 'aws:sqs:arn': this.#queueArn }),
      }),
    );
  }
}

/** Connects the queue to its function and adds alarms and graphs, if the relay accepts messages. */
export const addIntake: AddWorkflow = (_stack, { functions, metrics, intake }) => {
  if (intake === undefined) return {};
  intake.call(functions.of(intakeSteps.queue));
  const messages = [metrics.ofMessages('MessagesHandled'), metrics.ofMessages('MessagesRefused')];
  const age = intake.queue.metricApproximateAgeOfOldestMessage({ statistic: 'max' });
  return {
    alarms: alarmsOf(intake),
    graphs: [
      graph('Messages, and the age of the oldest in seconds', messages, [age.with({ label: 'Oldest, seconds' })]),
    ],
    outputs: [{ name: 'IntakeQueueUrl', value: intake.queue.queueUrl, description: 'Queue for messages to the relay' }],
  };
};

const alarmsOf = ({ queue, refused }: Intake): AlarmSpec[] => {
  const atMost = { period: SOON, statistic: 'max' };
  return [
    {
      kind: 'message-refused',
      says: 'A message was refused or could not be processed.',
      metric: refused.metricApproximateNumberOfMessagesVisible(atMost),
    },
    {
      kind: 'message-late',
      says: 'Messages are not being processed.',
      metric: queue.metricApproximateAgeOfOldestMessage(atMost),
      threshold: LATE.toSeconds(),
    },
  ];
};

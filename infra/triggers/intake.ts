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
import { MAXIMUM_RECEIVES } from '#shared/messages/messages.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';

export interface IntakeProps {
  /** The defaults when left out. */
  readonly settings: RelayConfig['intake'];
  readonly key: RelayKey;
}

/** SQS keeps no message for longer. */
const KEPT = Duration.days(14);

/** What SQS takes in one batch without waiting for it to fill, and a batch that fails as a whole costs no more. */
const BATCH = 10;

const SOON = Duration.minutes(5);

/** A message that failed on what passes by itself is tried twice before that. */
const LATE = Duration.minutes(15);

/** Where messages come in: the queue, and the queue of what could not be handled. */
export class Intake extends Construct {
  readonly queue: Queue;
  /** Messages that were refused, each with its reason; and those that failed to the end. */
  readonly refused: Queue;
  readonly #key: RelayKey;
  readonly #concurrency: number;
  /** Spelled out, because the queue refers to the key, and to the other queue. */
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
    accept(this.refused, 'SQS3', 'It is the dead-letter queue of the messages.');
    this.queue = new Queue(this, 'Queue', {
      ...kept,
      queueName,
      // Source: Lambda developer guide, "Configuring a queue to use with Lambda".
      visibilityTimeout: Duration.seconds(6 * intakeSteps.queue.seconds),
      deadLetterQueue: { queue: this.refused, maxReceiveCount: MAXIMUM_RECEIVES },
    });
    this.#allowSenders(settings.senders);
  }

  /** To take messages, and to put aside what can't be handled. */
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

  /** Lets messages call a function. */
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
   * Whoever sends to an encrypted queue has to be allowed to use its key, too: by way of SQS, and for this queue alone.
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

/** Lets messages in, for a relay that takes any, and adds what shows what became of them. */
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
    outputs: [{ name: 'IntakeQueueUrl', value: intake.queue.queueUrl, description: 'Where messages are sent to' }],
  };
};

const alarmsOf = ({ queue, refused }: Intake): AlarmSpec[] => {
  const atMost = { period: SOON, statistic: 'max' };
  return [
    {
      kind: 'message-refused',
      says: 'A message could not be acted on.',
      metric: refused.metricApproximateNumberOfMessagesVisible(atMost),
    },
    {
      kind: 'message-late',
      says: 'Messages are not being handled.',
      metric: queue.metricApproximateAgeOfOldestMessage(atMost),
      threshold: LATE.toSeconds(),
    },
  ];
};

import { Duration, Stack } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RecordsBucket } from '#infra/constructs/records-bucket.ts';
import { type RelayKey, viaService } from '#infra/constructs/relay-key.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { machineArn, type WorkflowMachine } from '#infra/constructs/workflow-machine.ts';
import { accept } from '#infra/nag.ts';
import { STEP_SIZES } from '#infra/steps.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { MAXIMUM_RECEIVES } from '#shared/messages.ts';

export interface IntakeProps {
  readonly settings: NonNullable<RelayConfig['intake']>;
  /** The function `intake-queue`. */
  readonly fn: WorkflowFunction;
  readonly records: RecordsBucket;
  readonly key: RelayKey;
  readonly sync: WorkflowMachine;
}

/** SQS keeps no message for longer. */
const KEPT = Duration.days(14);

/** What SQS takes in one batch without waiting for it to fill, and a batch that fails as a whole costs no more. */
const BATCH = 10;

/** Where messages come in: the queue, the function that it calls, and the queue of what could not be handled. */
export class Intake extends Construct {
  readonly queue: Queue;
  /** Messages that were refused, each with its reason; and those that failed to the end. */
  readonly refused: Queue;
  readonly fn: WorkflowFunction;
  readonly #records: RecordsBucket;

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { settings, fn, records, sync, key } = props;
    this.fn = fn;
    this.#records = records;
    const { stackName } = Stack.of(this);
    const kept = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true, retentionPeriod: KEPT };
    this.refused = new Queue(this, 'Refused', { ...kept, queueName: `${stackName}-intake-refused` });
    accept(this.refused, 'SQS3', 'It is the dead-letter queue of the messages.');
    this.queue = new Queue(this, 'Queue', {
      ...kept,
      queueName: `${stackName}-intake`,
      // Source: Lambda developer guide, "Configuring a queue to use with Lambda".
      visibilityTimeout: Duration.seconds(6 * STEP_SIZES['intake-queue'].timeoutSeconds),
      deadLetterQueue: { queue: this.refused, maxReceiveCount: MAXIMUM_RECEIVES },
    });

    this.#grantQueues(fn, key);
    sync.grantStart(fn);
    records.grantWrite(fn, 'named');
    // Without a rule for checkouts there are none, and no message gets as far as starting one.
    fn.tell('CHECKOUT_MACHINE_ARN', machineArn(this, 'checkout'));
    fn.tell('RELEASE_MACHINE_ARN', machineArn(this, 'release'));
    this.#allowSenders(settings.senders, key);
    new EventSourceMapping(this, 'Messages', {
      target: fn.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: BATCH,
      reportBatchItemFailures: true,
      maxConcurrency: settings.concurrency,
    });
  }

  /** Lets messages start checkouts, extend and release them. */
  admitCheckouts({
    checkout,
    release,
  }: {
    readonly checkout: WorkflowMachine;
    readonly release: WorkflowMachine;
  }): void {
    checkout.grantStart(this.fn);
    // To tell a message that came twice from two that share an id.
    checkout.grantDescribeRuns(this.fn);
    release.grantStart(this.fn);
    this.#records.grantWrite(this.fn, 'checkouts');
  }

  #grantQueues(fn: WorkflowFunction, key: RelayKey): void {
    fn.allow({
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      resources: [this.queue.queueArn],
    });
    fn.allow({ actions: ['sqs:SendMessage'], resources: [this.refused.queueArn] });
    key.grantUse(fn, 'sqs', 'kms:Decrypt', 'kms:GenerateDataKey');
    fn.tell('REFUSED_QUEUE_URL', this.refused.queueUrl);
  }

  /** Whoever sends to an encrypted queue has to be allowed to use its key, too. */
  #allowSenders(senders: readonly string[], key: RelayKey): void {
    if (senders.length === 0) return;
    const principals = senders.map((sender) => new ArnPrincipal(sender));
    this.queue.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: viaService(this, 'sqs'),
      }),
    );
  }
}

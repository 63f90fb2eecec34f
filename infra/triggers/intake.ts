import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { graph } from '#infra/constructs/dashboard.ts';
import { type RelayKey, viaService } from '#infra/constructs/relay-key.ts';
import { QueuePair } from '#infra/triggers/queue-pair.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { intake as intakeSchema } from '#shared/config/schema/intake.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';

export interface IntakeProps {
  /** Default: the defaults of `intake` in relay.yaml. */
  readonly settings: RelayConfig['intake'];
  readonly key: RelayKey;
}

/** The queue for incoming messages and its dead-letter queue. */
export class Intake extends QueuePair {
  constructor(scope: Construct, id: string, { settings = intakeSchema.parse({}), key }: IntakeProps) {
    const { concurrency } = settings;
    super(scope, id, { name: 'intake', key, step: intakeSteps.queue, concurrency, holds: 'messages' });
    this.#allowSenders(settings.senders);
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
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: viaService(this, 'sqs', { 'aws:sqs:arn': this.queueArn }),
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
    alarms: intake.alarms(
      { kind: 'message-refused', says: 'A message was refused or could not be processed.' },
      { kind: 'message-late', says: 'Messages are not being processed.' },
    ),
    graphs: [
      graph('Messages, and the age of the oldest in seconds', messages, [age.with({ label: 'Oldest, seconds' })]),
    ],
    outputs: [{ name: 'IntakeQueueUrl', value: intake.queue.queueUrl, description: 'Queue for messages to the relay' }],
  };
};

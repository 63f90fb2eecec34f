import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { graph } from '#infra/constructs/dashboard.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { serviceFor } from '#infra/constructs/service-principal.ts';
import { QueuePair } from '#infra/triggers/queue-pair.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { MACHINE_EVENTS } from '#shared/messages/machine-events.ts';
import { machinesSteps } from '#shared/workflows/intake.ts';

export interface MachinesProps {
  readonly key: RelayKey;
}

/** Minimum of Lambda is 2. Each batch calls EC2 once, whose quota the account shares. */
const CONCURRENCY = 2;

/**
 * The events of EC2 instances, from the default bus of EventBridge, through a queue. Events that EventBridge cannot
 * deliver are in the dead-letter queue, too.
 */
export class Machines extends QueuePair {
  constructor(scope: Construct, id: string, { key }: MachinesProps) {
    const step = machinesSteps.machines;
    super(scope, id, { name: 'machines', key, step, concurrency: CONCURRENCY, holds: 'events about machines' });
    const ruleName = `${Stack.of(this).stackName}-machines`;
    this.#allowEvents(Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: ruleName }));
    new Rule(this, 'Rule', {
      ruleName,
      description: 'EC2 instances that begin to run, or have ended',
      eventPattern: {
        source: [MACHINE_EVENTS.source],
        detailType: [MACHINE_EVENTS.detailType],
        detail: { state: [...MACHINE_EVENTS.states] },
      },
      // The target of the CDK would let every rule of the account send to an encrypted queue.
      targets: [
        {
          bind: () => ({ arn: this.queue.queueArn, deadLetterConfig: { arn: this.refused.queueArn } }),
        },
      ],
    });
  }

  /**
   * EventBridge needs the key of an encrypted queue. Source: SQS developer guide, "Key management".
   * @param ruleArn Built from the name, because the rule refers to the queues.
   */
  #allowEvents(ruleArn: string): void {
    const principals = [serviceFor(this, 'events.amazonaws.com', ruleArn)];
    for (const queue of [this.queue, this.refused]) {
      queue.addToResourcePolicy(
        new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
      );
    }
    this.key.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'] }),
    );
  }
}

/** Connects the events to their function and adds alarms and graphs, if machines can be subjects. */
export const addMachines: AddWorkflow = (_stack, { functions, metrics, machines }) => {
  if (machines === undefined) return {};
  machines.call(functions.of(machinesSteps.machines));
  const handled = metrics.ofMessages('MessagesHandled', 'machines');
  const refused = metrics.ofMessages('MessagesRefused', 'machines');
  const age = machines.queue.metricApproximateAgeOfOldestMessage({ statistic: 'max' });
  return {
    alarms: machines.alarms(
      { kind: 'machine-refused', says: 'An event about a machine was refused or could not be processed.' },
      { kind: 'machine-late', says: 'Events about machines are not being processed.' },
    ),
    graphs: [
      graph(
        'Events about machines, and the age of the oldest in seconds',
        [handled, refused],
        [age.with({ label: 'Oldest, seconds' })],
      ),
    ],
  };
};

import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { accept } from '#infra/nag.ts';
import type { RelayConfig, SyncConfig } from '#shared/config/schema.ts';

export interface SchedulesProps {
  readonly config: RelayConfig;
  readonly machineArn: string;
  readonly reap: WorkflowFunction;
  readonly key: IKey;
}

type Timing = Pick<CfnSchedule, 'scheduleExpression' | 'flexibleTimeWindow'> & { scheduleExpressionTimezone?: string };

interface Entry {
  readonly name: string;
  readonly timing: Timing;
  readonly description: string;
  readonly target: { readonly arn: string; readonly input: object };
}

/** A start that is late by more than this is not worth making: the next one is near. */
const OLDEST_START = Duration.hours(1);

/** Starts every sync when relay.yaml says so, and `reap` all the time. */
export class Schedules extends Construct {
  /** Starts that EventBridge Scheduler could not deliver. */
  readonly undelivered: Queue;

  readonly #group: CfnScheduleGroup;
  readonly #role: Role;

  constructor(scope: Construct, id: string, { config, machineArn, reap, key }: SchedulesProps) {
    super(scope, id);
    const name = Stack.of(this).stackName;
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    accept(this.undelivered, 'SQS3', 'It is the dead-letter queue of the schedules.');

    this.#group = new CfnScheduleGroup(this, 'Group', { name });
    this.#role = this.#schedulerRole(machineArn, reap, key);

    for (const [sync, settings] of Object.entries(config.syncs)) {
      this.#addSync(sync, machineArn, settings);
    }
    this.#add('Reap', {
      name: 'reap',
      timing: { scheduleExpression: everyMinutes(config.reap.everyMinutes), flexibleTimeWindow: { mode: 'OFF' } },
      description: 'Gives back what an interrupted run left open',
      target: { arn: reap.lambda.functionArn, input: {} },
    });
  }

  #addSync(sync: string, machineArn: string, { schedule, verify }: SyncConfig): void {
    this.#add(`Sync-${sync}`, {
      name: `sync.${sync}`,
      timing: timingOf(schedule),
      description: `Starts sync ${sync}`,
      target: startOf(machineArn, sync, 'changes'),
    });
    if (verify === undefined) return;
    this.#add(`Verify-${sync}`, {
      name: `verify.${sync}`,
      timing: timingOf(verify),
      description: `Starts sync ${sync}, comparing every value`,
      target: startOf(machineArn, sync, 'verify'),
    });
  }

  #add(id: string, { name, timing, description, target }: Entry): void {
    new CfnSchedule(this, id, {
      name,
      groupName: this.#group.ref,
      description,
      ...timing,
      target: {
        arn: target.arn,
        input: Stack.of(this).toJsonString(target.input),
        roleArn: this.#role.roleArn,
        retryPolicy: { maximumEventAgeInSeconds: OLDEST_START.toSeconds(), maximumRetryAttempts: 10 },
        deadLetterConfig: { arn: this.undelivered.queueArn },
      },
    });
  }

  #schedulerRole(machineArn: string, reap: WorkflowFunction, key: IKey): Role {
    const allow = (actions: string[], resource: string) => new PolicyStatement({ actions, resources: [resource] });
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'What the schedules may start',
      inlinePolicies: {
        Start: new PolicyDocument({
          statements: [
            allow(['states:StartExecution'], machineArn),
            allow(['lambda:InvokeFunction'], reap.lambda.functionArn),
            allow(['sqs:SendMessage'], this.undelivered.queueArn),
            allow(['kms:GenerateDataKey', 'kms:Decrypt'], key.keyArn),
          ],
        }),
      },
    });
  }
}

const timingOf = ({ expression, timeZone, flexibleMinutes }: SyncConfig['schedule']): Timing => ({
  scheduleExpression: expression,
  scheduleExpressionTimezone: timeZone,
  flexibleTimeWindow:
    flexibleMinutes === 0 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: flexibleMinutes },
});

const everyMinutes = (minutes: number): string => `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;

/**
 * A call of StartExecution. The words in angle brackets are filled in by EventBridge Scheduler; an execution's name
 * can't hold the colons of a time, so the id of the scheduled invocation makes it unique.
 */
const startOf = (machineArn: string, sync: string, mode: 'changes' | 'verify'): Entry['target'] => ({
  arn: `arn:${Aws.PARTITION}:scheduler:::aws-sdk:sfn:startExecution`,
  input: {
    StateMachineArn: machineArn,
    Name: `${sync}.<aws.scheduler.execution-id>`,
    Input: JSON.stringify({ sync, mode, scheduledAt: '<aws.scheduler.scheduled-time>' }),
  },
});

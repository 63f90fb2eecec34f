import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import { accept } from '#infra/nag.ts';
import type { SyncConfig } from '#shared/config/schema.ts';

type Timing = Pick<CfnSchedule, 'scheduleExpression' | 'flexibleTimeWindow'> & { scheduleExpressionTimezone?: string };

interface Target {
  readonly arn: string;
  readonly input: object;
  /** What the schedules' role needs for it. */
  readonly permission: { readonly action: string; readonly resource: string };
}

/** Something that starts by the clock. */
export interface Scheduled {
  /** Of its construct. */
  readonly id: string;
  readonly name: string;
  readonly timing: Timing;
  readonly description: string;
  readonly target: Target;
}

export interface SchedulesProps {
  readonly schedules: readonly Scheduled[];
  readonly key: IKey;
}

/** A start that is late by more than this is not worth making: the next one is near. */
const OLDEST_START = Duration.hours(1);

const SOON = Duration.minutes(5);

/** Starts what workflows have scheduled. */
export class Schedules extends Construct {
  readonly alarms: readonly AlarmSpec[];
  /** Starts that EventBridge Scheduler could not deliver. */
  readonly #undelivered: Queue;
  readonly #group: CfnScheduleGroup;
  readonly #role: Role;

  constructor(scope: Construct, id: string, { schedules, key }: SchedulesProps) {
    super(scope, id);
    this.#undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    accept(this.#undelivered, 'SQS3', 'It is the dead-letter queue of the schedules.');
    this.alarms = [
      {
        kind: 'start-undelivered',
        says: 'A scheduled start did not arrive.',
        metric: this.#undelivered.metricApproximateNumberOfMessagesVisible({ period: SOON, statistic: 'max' }),
      },
    ];

    this.#group = new CfnScheduleGroup(this, 'Group', { name: Stack.of(this).stackName });
    this.#role = this.#schedulerRole(schedules, key);
    for (const scheduled of schedules) this.#add(scheduled);
  }

  #add({ id, name, timing, description, target }: Scheduled): void {
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
        deadLetterConfig: { arn: this.#undelivered.queueArn },
      },
    });
  }

  /** It may start what the schedules start, whichever schedule that is, and put aside what could not be started. */
  #schedulerRole(schedules: readonly Scheduled[], key: IKey): Role {
    const allow = (actions: string[], resource: string) => new PolicyStatement({ actions, resources: [resource] });
    const resources = new Map(schedules.map(({ target: { permission } }) => [permission.resource, permission.action]));
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'What the schedules may start',
      inlinePolicies: {
        Start: new PolicyDocument({
          statements: [
            ...[...resources].map(([resource, action]) => allow([action], resource)),
            allow(['sqs:SendMessage'], this.#undelivered.queueArn),
            allow(['kms:GenerateDataKey', 'kms:Decrypt'], key.keyArn),
          ],
        }),
      },
    });
  }
}

/** As relay.yaml says it. */
export const timingOf = ({ expression, timeZone, flexibleMinutes }: SyncConfig['schedule']): Timing => ({
  scheduleExpression: expression,
  scheduleExpressionTimezone: timeZone,
  flexibleTimeWindow:
    flexibleMinutes === 0 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: flexibleMinutes },
});

/** Exactly so often. */
export const everyMinutes = (minutes: number): Timing => ({
  scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
  flexibleTimeWindow: { mode: 'OFF' },
});

/**
 * A call of StartExecution, by a run of the rule with this order and the time for which it was scheduled. The words in
 * angle brackets are filled in by EventBridge Scheduler; an execution's name can't hold the colons of a time, so the id of
 * the scheduled invocation makes it unique.
 */
export const startOf = (machineArn: string, rule: string, order: object): Target => ({
  arn: `arn:${Aws.PARTITION}:scheduler:::aws-sdk:sfn:startExecution`,
  input: {
    StateMachineArn: machineArn,
    Name: `${rule}.<aws.scheduler.execution-id>`,
    Input: JSON.stringify({ ...order, scheduledAt: '<aws.scheduler.scheduled-time>' }),
  },
  permission: { action: 'states:StartExecution', resource: machineArn },
});

/** A call of a function that needs to be told nothing. */
export const invocationOf = ({ lambda }: RelayFunction): Target => ({
  arn: lambda.functionArn,
  input: {},
  permission: { action: 'lambda:InvokeFunction', resource: lambda.functionArn },
});

import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import { viaService } from '#infra/constructs/relay-key.ts';
import { serviceFor } from '#infra/constructs/service-principal.ts';
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
  readonly #key: IKey;

  constructor(scope: Construct, id: string, { schedules, key }: SchedulesProps) {
    super(scope, id);
    this.#key = key;
    this.#undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // Of queues; EventBridge Scheduler sends to it with the role of the schedules. Source: SQS developer guide, "Using
      // dead-letter queues", and EventBridge Scheduler user guide, "Configuring a schedule's dead-letter queue".
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
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
    this.#role = this.#schedulerRole(schedules);
    for (const scheduled of schedules) this.#add(scheduled);
  }

  #add({ id, name, timing, description, target }: Scheduled): void {
    new CfnSchedule(this, id, {
      name,
      groupName: this.#group.ref,
      description,
      kmsKeyArn: this.#key.keyArn,
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

  /**
   * It may start what the schedules start, whichever schedule that is, read what they say, and put aside what could not be
   * started. Source: EventBridge Scheduler user guide, "Set up the execution role" and "Encryption at rest".
   */
  #schedulerRole(schedules: readonly Scheduled[]): Role {
    const allow = (actions: string[], resource: string) => new PolicyStatement({ actions, resources: [resource] });
    const resources = new Map(schedules.map(({ target: { permission } }) => [permission.resource, permission.action]));
    return new Role(this, 'Role', {
      assumedBy: serviceFor(this, 'scheduler.amazonaws.com', this.#arn('schedule-group')),
      description: 'What the schedules may start',
      inlinePolicies: {
        Start: new PolicyDocument({
          statements: [
            ...[...resources].map(([resource, action]) => allow([action], resource)),
            allow(['sqs:SendMessage'], this.#undelivered.queueArn),
            new PolicyStatement({
              actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
              resources: [this.#key.keyArn],
              conditions: viaService(this, 'sqs', { 'aws:sqs:arn': this.#undelivered.queueArn }),
            }),
            new PolicyStatement({
              actions: ['kms:Decrypt'],
              resources: [this.#key.keyArn],
              conditions: {
                ArnLike: { 'kms:EncryptionContext:aws:scheduler:schedule:arn': `${this.#arn('schedule')}/*` },
              },
            }),
          ],
        }),
      },
    });
  }

  /** The group of the schedules, spelled out, or the beginning of the ARN of each. */
  #arn(resource: 'schedule-group' | 'schedule'): string {
    return Stack.of(this).formatArn({ service: 'scheduler', resource, resourceName: Stack.of(this).stackName });
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

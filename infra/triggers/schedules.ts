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
  /** The permission that the schedules' role needs. */
  readonly permission: { readonly action: string; readonly resource: string };
}

/** A scheduled start. */
export interface Scheduled {
  /** Construct id. */
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

/** A start that is later than this is dropped, because the next one is due soon. */
const MAX_START_DELAY = Duration.hours(1);

const SOON = Duration.minutes(5);

/** The schedules of all workflows. */
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
      // Denies only other queues: EventBridge Scheduler sends with the role of the schedules. Source: SQS developer
      // guide, "Using dead-letter queues", and EventBridge Scheduler user guide, "Configuring a schedule's dead-letter
      // queue".
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
    });
    accept(this.#undelivered, 'SQS3', 'This queue is itself the dead-letter queue of the schedules.');
    this.alarms = [
      {
        kind: 'start-undelivered',
        says: 'EventBridge Scheduler could not deliver a start.',
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
        retryPolicy: { maximumEventAgeInSeconds: MAX_START_DELAY.toSeconds(), maximumRetryAttempts: 10 },
        deadLetterConfig: { arn: this.#undelivered.queueArn },
      },
    });
  }

  /**
   * The role can start the targets of all schedules, decrypt the schedules, and send undelivered starts to the
   * dead-letter queue. Source: EventBridge Scheduler user guide, "Set up the execution role" and "Encryption at rest".
   */
  #schedulerRole(schedules: readonly Scheduled[]): Role {
    const allow = (actions: string[], resource: string) => new PolicyStatement({ actions, resources: [resource] });
    const resources = new Map(schedules.map(({ target: { permission } }) => [permission.resource, permission.action]));
    return new Role(this, 'Role', {
      assumedBy: serviceFor(this, 'scheduler.amazonaws.com', this.#arn('schedule-group')),
      description: 'Role of the schedules',
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

  /** The ARN of the schedule group, or the prefix of the schedules' ARNs. */
  #arn(resource: 'schedule-group' | 'schedule'): string {
    return Stack.of(this).formatArn({ service: 'scheduler', resource, resourceName: Stack.of(this).stackName });
  }
}

/** The timing of a schedule in relay.yaml. */
export const timingOf = ({ expression, timeZone, flexibleMinutes }: SyncConfig['schedule']): Timing => ({
  scheduleExpression: expression,
  scheduleExpressionTimezone: timeZone,
  flexibleTimeWindow:
    flexibleMinutes === 0 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: flexibleMinutes },
});

/** A fixed rate without a flexible window. */
export const everyMinutes = (minutes: number): Timing => ({
  scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
  flexibleTimeWindow: { mode: 'OFF' },
});

/**
 * A target that starts a run of the rule with this order and the scheduled time. EventBridge Scheduler replaces the
 * words in angle brackets. The colons of a time are not allowed in an execution name, so the id of the scheduled
 * invocation makes the name unique.
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

/** A target that invokes a function without input. */
export const invocationOf = ({ lambda }: RelayFunction): Target => ({
  arn: lambda.functionArn,
  input: {},
  permission: { action: 'lambda:InvokeFunction', resource: lambda.functionArn },
});

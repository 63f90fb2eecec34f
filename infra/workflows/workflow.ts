import type { Stack } from 'aws-cdk-lib';
import type { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import type { RelayMetrics } from '#infra/constructs/metrics.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import type { Functions } from '#infra/functions.ts';
import type { Intake } from '#infra/triggers/intake.ts';
import type { Machines } from '#infra/triggers/machines.ts';
import type { SentQueue } from '#infra/triggers/queue-pair.ts';
import type { Scheduled } from '#infra/triggers/schedules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/** The parts of the stack that exist before the workflows are added, and that workflows share. */
export interface WorkflowProps {
  readonly config: RelayConfig;
  readonly functions: Functions;
  readonly metrics: RelayMetrics;
  /** Undefined if the relay accepts no messages. */
  readonly intake: Intake | undefined;
  /** Undefined if no blueprint has machines as subjects. */
  readonly machines: Machines | undefined;
  /** Undefined if the relay receives no webhooks. */
  readonly tickets: SentQueue | undefined;
  /** Undefined if no webhook writes comments. */
  readonly comments: SentQueue | undefined;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/** A stack output. */
export interface Output {
  readonly name: string;
  readonly value: string;
  readonly description: string;
}

/** Contribution of a workflow to the shared parts of a relay: schedules, alarms and the dashboard. */
interface Contribution {
  readonly schedules?: readonly Scheduled[];
  readonly alarms?: readonly AlarmSpec[];
  /** A row of the dashboard. */
  readonly graphs?: readonly GraphWidget[];
  readonly outputs?: readonly Output[];
}

/** Adds the constructs of one workflow to the stack, if the configuration uses the workflow. */
export type AddWorkflow = (stack: Stack, props: WorkflowProps) => Contribution;

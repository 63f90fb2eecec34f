import type { Stack } from 'aws-cdk-lib';
import type { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import type { RelayMetrics } from '#infra/constructs/metrics.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import type { Functions } from '#infra/functions.ts';
import type { Intake } from '#infra/triggers/intake.ts';
import type { Scheduled } from '#infra/triggers/schedules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/** What there is when workflows are added: the functions, with their permissions, and what workflows share. */
export interface WorkflowProps {
  readonly config: RelayConfig;
  readonly functions: Functions;
  readonly metrics: RelayMetrics;
  /** Undefined when the relay takes no messages. */
  readonly intake: Intake | undefined;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/** Shown to the person who deploys. */
export interface Output {
  readonly name: string;
  readonly value: string;
  readonly description: string;
}

/** What a workflow adds to what a relay has one of: schedules, alarms, a dashboard. */
interface Contribution {
  readonly schedules?: readonly Scheduled[];
  readonly alarms?: readonly AlarmSpec[];
  /** A row of the dashboard. */
  readonly graphs?: readonly GraphWidget[];
  readonly outputs?: readonly Output[];
}

/** Adds the constructs of one workflow to the stack, if the configuration has a use for it. */
export type AddWorkflow = (stack: Stack, props: WorkflowProps) => Contribution;

import type { IAspect } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';

/**
 * The only change that `-c emulated=true` makes to the stack. CloudFormation in ministack rejects alarms over metric
 * math, so each such alarm is changed to a placeholder metric. It keeps its name, its action and its place on the
 * dashboard. Never use it for a stack in production.
 */
export class WithoutMetricMath implements IAspect {
  visit(node: IConstruct): void {
    if (!(node instanceof CfnAlarm) || node.metrics === undefined) return;
    node.metrics = undefined;
    node.namespace = 'pam-relay';
    node.metricName = 'MetricMathIsNotEmulated';
    node.statistic = 'Sum';
    node.period = 300;
  }
}

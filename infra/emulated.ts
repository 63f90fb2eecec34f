import type { IAspect } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';

/**
 * What `-c emulated=true` does to the stack, and all that it does: CloudFormation in ministack refuses an alarm over
 * metric math, so such an alarm watches a placeholder instead. It stays, with its name, its action and its place on the
 * dashboard. Never for a stack that anybody relies on.
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

import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A service principal that can assume a role only for these resources of this account. Without the conditions, the
 * service could assume it for resources in other accounts.
 *
 * Source: IAM user guide, "The confused deputy problem".
 */
export const serviceFor = (scope: Construct, service: string, ...sourceArns: readonly string[]): ServicePrincipal =>
  new ServicePrincipal(service, {
    conditions: {
      StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
      ArnLike: { 'aws:SourceArn': [...sourceArns] },
    },
  });

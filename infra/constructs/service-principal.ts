import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A service that takes on a role for these resources of this account alone. Without it the service would do so for whoever
 * has a resource of that kind anywhere, and names the role.
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

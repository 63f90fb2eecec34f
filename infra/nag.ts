import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

/** Accepts one cdk-nag finding for one construct and records the reason. */
export const accept = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });

/** Accepts a resource pattern in a policy of this construct. */
export const acceptPattern = (construct: IConstruct, resource: string, reason: string): void =>
  accept(construct, `IAM5[Resource::${flattenCfnReference(Stack.of(construct).resolve(resource))}]`, reason);

import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

/** Accepts one finding of cdk-nag at one construct, with the reason why it stands. */
export const accept = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });

/** Accepts that a policy of this construct names resources by a pattern. */
export const acceptPattern = (construct: IConstruct, resource: string, reason: string): void =>
  accept(construct, `IAM5[Resource::${flattenCfnReference(Stack.of(construct).resolve(resource))}]`, reason);

import type { Permission } from '#shared/workflows/grants.ts';

/**
 * Division of the permissions of a role into policies that IAM accepts. IAM counts characters without white space.
 * Source: IAM user guide, "IAM and AWS STS quotas".
 */

/** All inline policies of a role together. */
export const MAX_INLINE = 10_240;

/** One managed policy. */
export const MAX_MANAGED = 6144;

/** Managed policies of a role, unless AWS raises the quota of the account. */
export const MAX_ATTACHED = 10;

/** Room in the inline policies for the permissions whose number does not grow with relay.yaml. */
const RESERVED_INLINE = 5000;

/** Longest values of the parts of an ARN, and an ARN longer than that of any resource of a stack. */
export const LONGEST = {
  partition: 'aws-us-gov',
  region: 'ap-southeast-1',
  account: '111122223333',
  arn: `arn:${'-'.repeat(156)}`,
} as const;

const EMPTY_DOCUMENT = '{"Statement":[],"Version":"2012-10-17"}'.length;

export interface RolePolicies {
  readonly inline: readonly Permission[];
  /** Each entry is one managed policy. */
  readonly managed: readonly (readonly Permission[])[];
  /** False if IAM would not accept these policies. */
  readonly areAccepted: boolean;
}

/** Returns the number of characters of a text in the deployed policy. */
export type LengthOf = (text: string) => number;

const statementOf = ({ actions, resources, conditions }: Permission): string =>
  JSON.stringify({ Action: actions, Condition: conditions, Effect: 'Allow', Resource: resources });

interface Policy {
  room: number;
  readonly permissions: Permission[];
}

/**
 * Divides the permissions of a role into one inline policy, and managed policies for those that do not fit. A
 * permission continues in the next policy with its remaining resources. Pure.
 */
export const planPolicies = (
  permissions: readonly Permission[],
  lengthOf: LengthOf = (text) => text.length,
): RolePolicies => {
  const inline: Policy = { room: MAX_INLINE - RESERVED_INLINE - EMPTY_DOCUMENT, permissions: [] };
  const managed: Policy[] = [];
  let policy = inline;
  for (const permission of permissions) {
    const emptyLength = lengthOf(statementOf({ ...permission, resources: [] })) + 1;
    let resources: string[] | undefined;
    for (const resource of permission.resources) {
      const length = lengthOf(JSON.stringify(resource)) + 1;
      if (policy.room < length + (resources === undefined ? emptyLength : 0)) {
        policy = { room: MAX_MANAGED - EMPTY_DOCUMENT, permissions: [] };
        managed.push(policy);
        resources = undefined;
      }
      if (resources === undefined) {
        resources = [];
        policy.permissions.push({ ...permission, resources });
        policy.room -= emptyLength;
      }
      resources.push(resource);
      policy.room -= length;
    }
  }
  return {
    inline: inline.permissions,
    managed: managed.map((each) => each.permissions),
    areAccepted: managed.length <= MAX_ATTACHED && managed.every(({ room }) => room >= 0),
  };
};

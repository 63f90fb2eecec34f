import { RelayError } from '#shared/errors.ts';
import type { RoleToAssume } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';
import { mergePermissions } from '#shared/workflows/permissions.ts';
import { planPolicies } from '#shared/workflows/role-policies.ts';

const VERSION = '2012-10-17';
const NAME = 'DeliveryRole';

/**
 * CloudFormation template of a role that the functions of a relay assume in another account. Raises
 * `ConfigurationInvalid` if IAM would not accept its permissions. Pure.
 */
export const roleTemplate = (relay: string, role: RoleToAssume): Record<string, unknown> => {
  const { inline, managed, areAccepted } = planPolicies(mergePermissions(role.permissions));
  if (!areAccepted) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The role ${role.arn} would need more permissions than IAM accepts. Use shorter folders in name, fewer tags of stores, or a role of its own for each store.`,
    );
  }
  const policies = managed.map((permissions, index) => [
    `DeliveryPolicy${index + 1}`,
    {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { Roles: [{ Ref: NAME }], PolicyDocument: documentOf(permissions) },
    },
  ]);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Role with which the pam-relay ${relay} of account ${role.trustedAccount} delivers secrets to this account`,
    Resources: {
      [NAME]: { Type: 'AWS::IAM::Role', Properties: propertiesOf(role, inline) },
      ...Object.fromEntries(policies),
    },
    Outputs: { RoleArn: { Value: { 'Fn::GetAtt': [NAME, 'Arn'] } } },
  };
};

const propertiesOf = (role: RoleToAssume, inline: readonly Permission[]) => ({
  ...nameIn(role.arn),
  Description: 'Assumed by the functions of pam-relay',
  AssumeRolePolicyDocument: {
    Version: VERSION,
    Statement: [
      {
        Effect: 'Allow',
        // The functions get new roles when their stack is created again, so a condition names their pattern.
        Principal: { AWS: `${role.arn.split(':').slice(0, 2).join(':')}:iam::${role.trustedAccount}:root` },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'sts:ExternalId': role.externalId },
          ArnLike: { 'aws:PrincipalArn': role.trustedRoles },
        },
      },
    ],
  },
  Policies: [{ PolicyName: 'Deliveries', PolicyDocument: documentOf(inline) }],
});

/** Name and path of a role in its ARN. */
const nameIn = (arn: string) => {
  const parts = arn.slice(arn.indexOf(':role/') + ':role/'.length).split('/');
  const name = parts.at(-1);
  const path = parts.slice(0, -1);
  return { RoleName: name, ...(path.length > 0 && { Path: `/${path.join('/')}/` }) };
};

const documentOf = (permissions: readonly Permission[]) => ({
  Version: VERSION,
  Statement: permissions.map(({ actions, resources, conditions }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: resources,
    ...(conditions !== undefined && { Condition: conditions }),
  })),
});

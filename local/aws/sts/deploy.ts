import * as z from 'zod';
import type { Roles } from './roles.ts';

/**
 * Creates the roles of a CloudFormation template in another account. Any other type of resource or property is
 * rejected, because ignoring it could let a test pass wrongly.
 */

const roleSchema = z.strictObject({
  Type: z.literal('AWS::IAM::Role'),
  Properties: z.strictObject({
    RoleName: z.string(),
    Path: z.string().default('/'),
    Description: z.string().max(1000).optional(),
    MaxSessionDuration: z.int().min(3600).max(43_200).optional(),
    AssumeRolePolicyDocument: z.unknown(),
    Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown() })).default([]),
  }),
});
const policySchema = z.strictObject({
  Type: z.literal('AWS::IAM::ManagedPolicy'),
  Properties: z.strictObject({
    Roles: z.array(z.strictObject({ Ref: z.string() })),
    PolicyDocument: z.unknown(),
  }),
});
const templateSchema = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09'),
  Description: z.string().max(1024).optional(),
  Resources: z.record(z.string(), z.discriminatedUnion('Type', [roleSchema, policySchema])),
  Outputs: z.unknown().optional(),
});

/** @throws for a template that has more than roles and their policies. */
export const deployRoles = (roles: Pick<Roles, 'add'>, account: string, template: unknown): void => {
  const resources = Object.entries(templateSchema.parse(template).Resources);
  const managed = resources.flatMap(([, resource]) =>
    resource.Type === 'AWS::IAM::ManagedPolicy' ? [resource.Properties] : [],
  );
  for (const [id, resource] of resources) {
    if (resource.Type !== 'AWS::IAM::Role') continue;
    const { RoleName, Path, AssumeRolePolicyDocument, Policies, MaxSessionDuration } = resource.Properties;
    const attached = managed.filter(({ Roles }) => Roles.some(({ Ref }) => Ref === id));
    roles.add({
      arn: `arn:aws:iam::${account}:role${Path}${RoleName}`,
      trust: AssumeRolePolicyDocument,
      policies: [...Policies, ...attached].map(({ PolicyDocument }) => PolicyDocument),
      ...(MaxSessionDuration !== undefined && { maxSessionSeconds: MaxSessionDuration }),
    });
  }
};

import * as z from 'zod';
import { arnOf, type Resource, type Template } from '../template/template.ts';
import { parsePolicy, type Statement } from './statement.ts';

/** The policy statements of each function's role, by the function's name. */
export const rolesIn = (template: Template): ReadonlyMap<string, readonly Statement[]> =>
  new Map(
    template.ofType('AWS::Lambda::Function').map(({ identity, properties }) => {
      const roleArn = z.string().parse(properties['Role']);
      const role = ofType(template, 'AWS::IAM::Role').find((resource) => arnOf(resource) === roleArn);
      if (role === undefined) throw new Error(`The role of ${identity.name} is not in the template.`);
      return [identity.name, statementsOf(role, template)];
    }),
  );

const ofType = (template: Template, type: string): Resource[] =>
  template.resources.filter((resource) => resource.type === type);

const inline = z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown() });
const roleSchema = z.strictObject({
  AssumeRolePolicyDocument: z.unknown().optional(),
  Description: z.string().optional(),
  Policies: z.array(inline).default([]),
  RoleName: z.string().optional(),
  Tags: z.unknown().optional(),
});
const roles = { Roles: z.array(z.string()) };
const policySchema = inline.extend(roles);
/** CDK creates one if an inline policy would be too long. */
const managedSchema = z.strictObject({
  PolicyDocument: z.unknown(),
  Description: z.string().optional(),
  Path: z.string().optional(),
  ...roles,
});

/**
 * @throws if anything other than policies of the template affects the role, such as an external policy or a boundary.
 */
const statementsOf = (role: Resource, template: Template): Statement[] => {
  const attached = [
    ...ofType(template, 'AWS::IAM::Policy').map(({ properties }) => policySchema.parse(properties)),
    ...ofType(template, 'AWS::IAM::ManagedPolicy').map(({ properties }) => managedSchema.parse(properties)),
  ].filter(({ Roles }) => Roles.includes(role.identity.ref));
  const own = roleSchema.parse(role.properties).Policies;
  return [...own, ...attached]
    .flatMap(({ PolicyDocument }) => parsePolicy(PolicyDocument))
    .map((statement) => withWholeArns(statement, template));
};

/** Completes the partial ARNs that `Ref` returns for secrets here. Their random suffix is unknown before creation. */
const withWholeArns = (statement: Statement, template: Template): Statement => {
  const partialArns = template.ofType('AWS::SecretsManager::Secret').map(({ identity }) => identity.ref);
  const resources = statement.resources.map((arn) => (partialArns.includes(arn) ? `${arn}-??????` : arn));
  return { ...statement, resources };
};

import * as z from 'zod';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';
import { NO_VALUE, resolve, type Scope } from './intrinsics.ts';
import { type Identity, identify, type LiveType } from './resource-types.ts';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
});

const templateSchema = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.string().optional() })).default({}),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});
type RawTemplate = z.infer<typeof templateSchema>;

/** A resource with resolved references. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly identity: Identity;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface TemplateSource {
  readonly stackName: string;
  /** The template, parsed from its JSON. */
  readonly json: unknown;
  /** Endpoint of the AWS side. */
  readonly endpoint: string;
}

/** A synthesised stack, resolved for this machine. */
export interface Template {
  readonly stackName: string;
  readonly stackId: string;
  readonly resources: readonly Resource[];
  /** Values of the outputs, by their names. */
  readonly outputs: Readonly<Record<string, string>>;
  ofType(type: LiveType): readonly Resource[];
}

/**
 * Reads a synthesised template.
 * @throws for an unsupported resource type or intrinsic function, and for a dangling reference.
 */
export const parseTemplate = (source: TemplateSource): Template => {
  const raw = templateSchema.parse(source.json);
  const { scope, identityOf } = referencesIn(raw, source);
  const resources = Object.entries(raw.Resources).map(([logicalId, { Type, Properties, Condition }]) => {
    if (Condition !== undefined && Type !== 'AWS::CDK::Metadata') {
      throw new Error(`${logicalId} has a condition, which local mode does not support.`);
    }
    const properties = z.record(z.string(), z.unknown()).parse(resolve(Properties, scope));
    return { logicalId, type: Type, identity: identityOf(logicalId), properties };
  });
  return {
    stackName: source.stackName,
    stackId: stackIdOf(source.stackName),
    resources,
    outputs: Object.fromEntries(
      Object.entries(raw.Outputs).map(([name, { Value }]) => [name, z.string().parse(resolve(Value, scope))]),
    ),
    ofType: (type) => resources.filter((resource) => resource.type === type),
  };
};

/** Identities are resolved lazily, because a resource's name can refer to another resource. */
const referencesIn = (raw: RawTemplate, { stackName, endpoint }: TemplateSource) => {
  const identities = new Map<string, Identity>();
  const pseudo = pseudoParameters(stackName);

  const identityOf = (logicalId: string): Identity => {
    const known = identities.get(logicalId);
    if (known !== undefined) return known;
    const resource = raw.Resources[logicalId];
    if (resource === undefined) throw new Error(`The template refers to ${logicalId}, which it does not contain.`);
    const names = Object.entries(resource.Properties).filter(([key]) => key.endsWith('Name'));
    const resolvedNames = Object.fromEntries(names.map(([key, value]) => [key, resolve(value, scope)]));
    const identity = identify(resource.Type, `${stackName}-${logicalId}`, resolvedNames, endpoint);
    identities.set(logicalId, identity);
    return identity;
  };
  const scope: Scope = {
    ref: (name) => pseudo[name] ?? raw.Parameters[name]?.Default ?? identityOf(name).ref,
    getAtt(logicalId, attribute) {
      const value = identityOf(logicalId).attributes[attribute];
      if (value === undefined)
        throw new Error(`Local mode does not support the attribute ${attribute} of ${logicalId}.`);
      return value;
    },
  };
  return { scope, identityOf };
};

const stackIdOf = (stackName: string): string =>
  `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stackName}/local`;

const pseudoParameters = (stackName: string): Readonly<Record<string, unknown>> => ({
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::NoValue': NO_VALUE,
  'AWS::Partition': 'aws',
  'AWS::Region': LOCAL_REGION,
  'AWS::StackId': stackIdOf(stackName),
  'AWS::StackName': stackName,
  'AWS::URLSuffix': 'amazonaws.com',
});

/** @throws for a resource without an ARN. */
export const arnOf = ({ identity, logicalId }: Resource): string => {
  const { Arn: arn } = identity.attributes;
  if (arn === undefined) throw new Error(`${logicalId} has no ARN.`);
  return arn;
};

import { z } from 'zod';
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
});
type RawTemplate = z.infer<typeof templateSchema>;

/** A resource whose references all lead somewhere. */
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
  /** What plays AWS. */
  readonly endpoint: string;
}

/** A synthesised stack, resolved for this machine. */
export interface Template {
  readonly stackName: string;
  readonly resources: readonly Resource[];
  ofType(type: LiveType): readonly Resource[];
}

/**
 * Reads a synthesised template.
 * @throws for a resource type, an intrinsic function or a reference that local mode does not know.
 */
export const parseTemplate = ({ stackName, json, endpoint }: TemplateSource): Template => {
  const raw = templateSchema.parse(json);
  const identities = identitiesOf(stackName, raw, endpoint);
  const scope = scopeOf(stackName, raw, identities);
  const resources = Object.entries(raw.Resources).map(([logicalId, resource]) => ({
    logicalId,
    type: resource.Type,
    identity: get(identities, logicalId),
    properties: z.record(z.string(), z.unknown()).parse(resolve(resource.Properties, scope)),
  }));
  return { stackName, resources, ofType: (type) => resources.filter((resource) => resource.type === type) };
};

/** Names may refer to pseudo parameters only, so that identities can be known before anything else is resolved. */
const identitiesOf = (stackName: string, raw: RawTemplate, endpoint: string): Map<string, Identity> => {
  const scope = scopeOf(stackName, raw, new Map());
  return new Map(
    Object.entries(raw.Resources).map(([logicalId, { Type, Properties, Condition }]) => {
      if (Condition !== undefined && Type !== 'AWS::CDK::Metadata') {
        throw new Error(`${logicalId} has a condition, which local mode does not know.`);
      }
      const names = Object.entries(Properties).filter(([key]) => key.endsWith('Name'));
      const resolvedNames = Object.fromEntries(names.map(([key, value]) => [key, resolve(value, scope)]));
      return [logicalId, identify(Type, `${stackName}-${logicalId}`, resolvedNames, endpoint)];
    }),
  );
};

const scopeOf = (stackName: string, raw: RawTemplate, identities: ReadonlyMap<string, Identity>): Scope => {
  const pseudo: Record<string, unknown> = {
    'AWS::AccountId': LOCAL_ACCOUNT,
    'AWS::NoValue': NO_VALUE,
    'AWS::Partition': 'aws',
    'AWS::Region': LOCAL_REGION,
    'AWS::StackId': `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  return {
    ref: (name) => pseudo[name] ?? raw.Parameters[name]?.Default ?? get(identities, name).ref,
    getAtt(logicalId, attribute) {
      const value = get(identities, logicalId).attributes[attribute];
      if (value === undefined) throw new Error(`${logicalId} has no attribute ${attribute} that local mode knows.`);
      return value;
    },
  };
};

const get = (identities: ReadonlyMap<string, Identity>, logicalId: string): Identity => {
  const identity = identities.get(logicalId);
  if (identity === undefined) throw new Error(`The template refers to ${logicalId}, which it does not hold.`);
  return identity;
};

/** @throws for a resource that has no ARN. */
export const arnOf = ({ identity, logicalId }: Resource): string => {
  const { Arn: arn } = identity.attributes;
  if (arn === undefined) throw new Error(`${logicalId} has no ARN.`);
  return arn;
};

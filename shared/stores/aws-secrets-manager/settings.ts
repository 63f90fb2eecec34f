import * as z from 'zod';
import { tagsSchema } from '#shared/aws/secret-tags.ts';
import { hints } from '#shared/config/hints.ts';

/** Source: AWS Secrets Manager user guide, "Secrets Manager quotas". */
const MAX_WRITES_PER_SECOND = 50;

/** Leaves a fifth of the quota to other clients of the account. */
const DEFAULT_WRITES_PER_SECOND = 40;

/** Regions of all partitions, such as eu-central-1 and us-gov-west-1. */
const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/;
const KEY_ARN_EXAMPLE = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555';
const KEY_ARN = /^arn:[\w-]+:kms:([\w-]+):\d{12}:key\/[\w-]+$/;
/**
 * Source: IAM API reference, CreateRole, `RoleName` and `Path`. A path with `*`, `?` or `$` would be a pattern or a
 * variable in the policy of the functions, and permit other roles as well.
 */
const ROLE_ARN = /^arn:aws[\w-]*:iam::(\d{12}):role\/(?:(?![^/]*[*?$])[\x21-\x2e\x30-\x7e]+\/)*[\w+=,.@-]{1,64}$/;
/** Source: STS API reference, AssumeRole, `ExternalId`. */
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;

const region = z
  .string()
  .regex(REGION, 'use the code of an AWS region, such as eu-west-1')
  .meta({ examples: ['eu-west-1'] });
const keyArn = z
  .string()
  .regex(KEY_ARN, 'use the full ARN of a KMS key')
  .meta({ examples: [KEY_ARN_EXAMPLE] });

const replicaRegion = z.union([
  region,
  z.strictObject({
    region: region.describe('Region of the replica.'),
    kmsKeyArn: keyArn
      .optional()
      .describe("Key of that region that encrypts the replica; the account's aws/secretsmanager if left out."),
  }),
]);

const shape = z.strictObject({
  type: z
    .literal('aws-secrets-manager')
    .describe('AWS Secrets Manager, by default in the account and region of the stack.'),
  roleArn: z
    .string()
    .regex(ROLE_ARN, 'use the full ARN of a role, such as arn:aws:iam::111122223333:role/pam-relay')
    .meta({ examples: ['arn:aws:iam::111122223333:role/pam-relay'] })
    .optional()
    .describe(
      'Role in another account, which the functions assume to deliver there. `pam-relay role` prints a template that creates it.',
    ),
  externalId: z
    .string()
    .regex(EXTERNAL_ID, 'use 2 to 1,224 letters, digits and _+=,.@:/-')
    .optional()
    .describe('External id that the trust policy of roleArn requires. Both are written together.'),
  region: region.optional().describe('Region of the secrets, if it is not the region of the stack.'),
  replicaRegions: z
    .array(replicaRegion)
    .min(1)
    .meta({ examples: [['eu-west-1']] })
    .optional()
    .describe(
      'Other regions to which Secrets Manager replicates the secrets. Each is a region, or a map of region and kmsKeyArn.',
    )
    .register(hints, { vendorNames: ['AddReplicaRegions'] }),
  kmsKeyArn: keyArn
    .optional()
    .describe(
      "Key that encrypts delivered secrets. If left out: the key of the stack in its account and region, and the account's aws/secretsmanager elsewhere.",
    )
    .register(hints, { vendorNames: ['KmsKeyId'] }),
  tags: tagsSchema.describe(
    'Tags of the secrets that the relay creates, beside its own. Existing secrets keep their tags.',
  ),
  writesPerSecond: z
    .union([z.int().min(1).max(MAX_WRITES_PER_SECOND), z.literal('unlimited')])
    .meta({ examples: [DEFAULT_WRITES_PER_SECOND] })
    .default(DEFAULT_WRITES_PER_SECOND)
    .describe(
      'Maximum of writes per second under each quota of Secrets Manager, over all functions of the stack. AWS allows 50 per account and region, for all of its clients together. `unlimited` is for measurements.',
    ),
});

export type AwsSecretsManagerSettings = z.output<typeof shape>;

/** A region that gets replicas. `kmsKeyArn` is undefined for the account's `aws/secretsmanager`. */
export interface ReplicaRegion {
  readonly region: string;
  readonly kmsKeyArn: string | undefined;
}

export const replicaRegionsOf = ({
  replicaRegions = [],
}: Pick<AwsSecretsManagerSettings, 'replicaRegions'>): readonly ReplicaRegion[] =>
  replicaRegions.map((one) =>
    typeof one === 'string' ? { region: one, kmsKeyArn: undefined } : { kmsKeyArn: undefined, ...one },
  );

/** Account of a role. */
export const accountOfRole = (roleArn: string): string => ROLE_ARN.exec(roleArn)?.[1] ?? '';

const regionOfKey = (arn: string): string => KEY_ARN.exec(arn)?.[1] ?? '';

interface SettingsProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

function* problemsIn(settings: AwsSecretsManagerSettings): Iterable<SettingsProblem> {
  const { roleArn, externalId, region: own, kmsKeyArn } = settings;
  if (roleArn !== undefined && externalId === undefined) {
    yield {
      path: ['roleArn'],
      message:
        'add externalId beside it, for example the output of uuidgen. Without one, anyone who can name this role to a relay of the account that it trusts could deliver with it (the confused deputy problem)',
    };
  }
  if (externalId !== undefined && roleArn === undefined) {
    yield { path: ['externalId'], message: 'add roleArn beside it, or remove it: without roleArn it has no effect' };
  }
  if (kmsKeyArn !== undefined && own !== undefined && regionOfKey(kmsKeyArn) !== own) {
    yield {
      path: ['kmsKeyArn'],
      message: `use a key of ${own}, where the secrets are; this one is in ${regionOfKey(kmsKeyArn)}`,
    };
  }
  const known = new Set<string>();
  for (const [index, replica] of replicaRegionsOf(settings).entries()) {
    const path = ['replicaRegions', index];
    if (replica.region === own) {
      yield { path, message: `remove ${own}, the region of the store itself` };
    } else if (known.has(replica.region)) {
      yield { path, message: `remove ${replica.region}, which is there twice` };
    }
    known.add(replica.region);
    if (replica.kmsKeyArn !== undefined && regionOfKey(replica.kmsKeyArn) !== replica.region) {
      yield {
        path: [...path, 'kmsKeyArn'],
        message: `use a key of ${replica.region}, where the replica is; this one is in ${regionOfKey(replica.kmsKeyArn)}`,
      };
    }
  }
}

/** Settings of a store of this type. */
export const awsSecretsManagerSettings = shape.superRefine((settings, context) => {
  for (const problem of problemsIn(settings)) context.addIssue({ code: 'custom', ...problem });
});

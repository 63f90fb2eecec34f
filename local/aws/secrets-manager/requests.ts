import * as z from 'zod';
import { ServiceError } from '../service-error.ts';

/**
 * The parameters of each action, with the constraints of the API reference. Other parameters of AWS (rotation,
 * managed external secrets) are rejected, because ignoring them would let tests pass wrongly.
 */

const VALUE_LIMIT_BYTES = 65_536;

const secretId = z.string().min(1).max(2048);
const token = z.string().min(32).max(64);
const versionId = token;
const label = z.string().min(1).max(256);
const description = z.string().max(2048);
const kmsKeyId = z.string().max(2048);

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tag = z.strictObject({
  Key: z.string().min(1).max(128).regex(tagText),
  Value: z.string().max(256).regex(tagText),
});

const filter = z.strictObject({
  Key: z.enum(['description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all']),
  Values: z
    .array(
      z
        .string()
        .max(512)
        .regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]*$/),
    )
    .min(1)
    .max(10),
});
export type Filter = z.infer<typeof filter>;
const filters = z.array(filter).max(10);

const isWithinLimit = (bytes: number) => bytes >= 1 && bytes <= VALUE_LIMIT_BYTES;
const content = {
  SecretString: z
    .string()
    .refine((text) => isWithinLimit(Buffer.byteLength(text)), 'between 1 and 65536 bytes')
    .optional(),
  SecretBinary: z
    .base64()
    .refine((text) => isWithinLimit(Buffer.byteLength(text, 'base64')), 'between 1 and 65536 bytes')
    .optional(),
};

const paging = (limit: number) => ({
  MaxResults: z.int().min(1).max(limit).optional(),
  NextToken: z.string().min(1).max(4096).optional(),
});

const region = z.string().regex(/^[a-z]+(?:-[a-z]+)+-\d+$/);
const replica = z.strictObject({ Region: region, KmsKeyId: kmsKeyId.optional() });
export type ReplicaInput = z.infer<typeof replica>;
const replicaRegions = {
  AddReplicaRegions: z.array(replica).min(1),
  ForceOverwriteReplicaSecret: z.boolean().optional(),
};

const onSecret = z.strictObject({ SecretId: secretId });

export const requests = {
  CreateSecret: z.strictObject({
    Name: z
      .string()
      .min(1)
      .max(512)
      .regex(/^[A-Za-z0-9/_+=.@-]+$/, 'alphanumeric characters, or any of the following: -/_+=.@'),
    ClientRequestToken: token.optional(),
    Description: description.optional(),
    KmsKeyId: kmsKeyId.optional(),
    Tags: z.array(tag).optional(),
    AddReplicaRegions: replicaRegions.AddReplicaRegions.optional(),
    ForceOverwriteReplicaSecret: replicaRegions.ForceOverwriteReplicaSecret,
    ...content,
  }),
  ReplicateSecretToRegions: onSecret.extend(replicaRegions),
  RemoveRegionsFromReplication: onSecret.extend({ RemoveReplicaRegions: z.array(region).min(1) }),
  UpdateSecret: onSecret.extend({
    ClientRequestToken: token.optional(),
    Description: description.optional(),
    KmsKeyId: kmsKeyId.optional(),
    ...content,
  }),
  DescribeSecret: onSecret,
  DeleteSecret: onSecret.extend({
    RecoveryWindowInDays: z.int().optional(),
    ForceDeleteWithoutRecovery: z.boolean().optional(),
  }),
  RestoreSecret: onSecret,
  TagResource: onSecret.extend({ Tags: z.array(tag) }),
  UntagResource: onSecret.extend({ TagKeys: z.array(z.string().min(1).max(128)) }),
  PutSecretValue: onSecret.extend({
    ClientRequestToken: token.optional(),
    VersionStages: z.array(label).min(1).max(20).optional(),
    ...content,
  }),
  GetSecretValue: onSecret.extend({ VersionId: versionId.optional(), VersionStage: label.optional() }),
  BatchGetSecretValue: z.strictObject({
    SecretIdList: z.array(secretId).min(1).max(20).optional(),
    Filters: filters.optional(),
    ...paging(20),
  }),
  ListSecretVersionIds: onSecret.extend({ IncludeDeprecated: z.boolean().optional(), ...paging(100) }),
  UpdateSecretVersionStage: onSecret.extend({
    VersionStage: label,
    MoveToVersionId: versionId.optional(),
    RemoveFromVersionId: versionId.optional(),
  }),
  ListSecrets: z.strictObject({
    IncludePlannedDeletion: z.boolean().optional(),
    Filters: filters.optional(),
    SortOrder: z.enum(['asc', 'desc']).optional(),
    SortBy: z.literal('created-date').optional(),
    ...paging(100),
  }),
};

export type Requests = { [Action in keyof typeof requests]: z.infer<(typeof requests)[Action]> };
export type ContentInput = Pick<Requests['PutSecretValue'], 'SecretString' | 'SecretBinary'>;
export type TagInput = z.infer<typeof tag>;

/** Parses a body, or throws AWS's validation error. The message omits the value, which can be a secret. */
export const parseRequest = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `Value at '${issue.path.join('.')}': ${issue.message}`);
  throw new ServiceError(
    'ValidationException',
    `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`,
  );
};

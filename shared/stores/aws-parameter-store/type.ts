import * as z from 'zod';
import { tagsSchema } from '#shared/aws/secret-tags.ts';
import { hints } from '#shared/config/hints.ts';
import { createPacedClient, parameterStore } from '#shared/stores/aws-parameter-store/client.ts';
import { permissionsFor } from '#shared/stores/aws-parameter-store/grants.ts';
import { awsParameterStoreRules } from '#shared/stores/aws-parameter-store/rules.ts';
import { createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import type { StoreType } from '#shared/stores/store.ts';

/** The most that users observed for an account without higher throughput. AWS documents no figure. */
const MAX_WRITES_PER_SECOND = 40;

/** The figure that AWS support named to one of its users. */
const DEFAULT_WRITES_PER_SECOND = 3;

const settings = z.strictObject({
  type: z
    .literal('aws-parameter-store')
    .describe('AWS Systems Manager Parameter Store in the account and region of the stack.'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .meta({ examples: ['arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555'] })
    .optional()
    .describe('Key that encrypts delivered parameters; the key of the stack if left out.')
    .register(hints, { vendorNames: ['KeyId', 'KmsKeyId'] }),
  tags: tagsSchema.describe(
    'Tags of the parameters that the relay creates, beside its own. Existing parameters keep their tags.',
  ),
  tier: z
    .enum(['standard', 'advanced'])
    .default('standard')
    .describe(
      'Tier of delivered parameters. `standard` is free and holds 4,096 bytes. `advanced` holds 8,192 bytes for a monthly price per parameter, and AWS never moves a parameter back.',
    ),
  writesPerSecond: z
    .union([z.int().min(1).max(MAX_WRITES_PER_SECOND), z.literal('unlimited')])
    .meta({ examples: [DEFAULT_WRITES_PER_SECOND] })
    .default(DEFAULT_WRITES_PER_SECOND)
    .describe(
      'Maximum of writes per second, over all functions of the stack. AWS documents no limit; its support named 3 per account and region, for all of its clients together. `unlimited` is for measurements.',
    ),
});

/** AWS Systems Manager Parameter Store in the account and region of the stack. */
export const awsParameterStore: StoreType<typeof settings> = {
  settings,
  rules: awsParameterStoreRules,
  pacing: ({ writesPerSecond }) =>
    writesPerSecond === 'unlimited' ? undefined : { perSecond: writesPerSecond, create: 1, replace: 1 },
  connect: ({ kmsKeyArn, tags, tier }, { owner, encryptionKey, ...call }) =>
    createAwsParameterStore({
      client: createPacedClient(parameterStore(), call),
      writer: createPacedClient(parameterStore(), call, 1),
      owner,
      tags,
      tier,
      kmsKeyArn: kmsKeyArn ?? encryptionKey,
    }),
  // Parameters delivered before relay.yaml named a key are still encrypted with the key of the stack.
  grants: ({ kmsKeyArn, tags, tier }, use, scope) => {
    const keys = [...new Set([scope.encryptionKey, kmsKeyArn ?? scope.encryptionKey])];
    return permissionsFor(use, { keys, tags, tier }, scope);
  },
};

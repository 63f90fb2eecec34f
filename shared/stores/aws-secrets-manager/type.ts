import * as z from 'zod';
import { tagsSchema } from '#shared/aws/secret-tags.ts';
import { secretsManager } from '#shared/aws/secrets-manager.ts';
import { permissionsFor } from '#shared/stores/aws-secrets-manager/grants.ts';
import { createPacedClient } from '#shared/stores/aws-secrets-manager/paced-client.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { StoreType } from '#shared/stores/store.ts';

/** Source: AWS Secrets Manager user guide, "Secrets Manager quotas". */
const MAX_WRITES_PER_SECOND = 50;

/** Leaves a fifth of the quota to other clients of the account. */
const DEFAULT_WRITES_PER_SECOND = 40;

const settings = z.strictObject({
  type: z.literal('aws-secrets-manager').describe('AWS Secrets Manager in the account and region of the stack.'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .optional()
    .describe('Key that encrypts delivered secrets; the key of the stack if left out.'),
  tags: tagsSchema.describe(
    'Tags of the secrets that the relay creates, beside its own. Existing secrets keep their tags.',
  ),
  writesPerSecond: z
    .union([z.int().min(1).max(MAX_WRITES_PER_SECOND), z.literal('unlimited')])
    .default(DEFAULT_WRITES_PER_SECOND)
    .describe(
      'Maximum of writes per second under each quota of Secrets Manager, over all functions of the stack. AWS allows 50 per account and region, for all of its clients together. `unlimited` is for measurements.',
    ),
});

/** AWS Secrets Manager in the account and region of the stack. */
export const awsSecretsManager: StoreType<typeof settings> = {
  settings,
  rules: awsSecretsManagerRules,
  // A new secret is one call (create), a changed one is two (put, promote).
  pacing: ({ writesPerSecond }) =>
    writesPerSecond === 'unlimited' ? undefined : { perSecond: writesPerSecond, create: 1, replace: 2 },
  connect: ({ kmsKeyArn, tags }, { owner, encryptionKey, ...call }) =>
    createAwsSecretsManagerStore({
      client: createPacedClient(secretsManager(), call),
      owner,
      tags,
      kmsKeyArn: kmsKeyArn ?? encryptionKey,
    }),
  // Secrets delivered before relay.yaml named a key are still encrypted with the key of the stack.
  grants: ({ kmsKeyArn, tags }, use, scope) => {
    const keys = [...new Set([scope.encryptionKey, kmsKeyArn ?? scope.encryptionKey])];
    return permissionsFor(use, { keys, tags }, scope);
  },
};

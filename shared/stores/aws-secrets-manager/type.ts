import * as z from 'zod';
import { secretsManager } from '#shared/aws/secrets-manager.ts';
import { permissionsFor } from '#shared/stores/aws-secrets-manager/grants.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { StoreType } from '#shared/stores/store.ts';

const settings = z.strictObject({
  type: z.literal('aws-secrets-manager').describe('AWS Secrets Manager in the account and region of the stack.'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .optional()
    .describe('Key that encrypts delivered secrets; the key of the stack if left out.'),
});

/** AWS Secrets Manager in the account and region of the stack. */
export const awsSecretsManager: StoreType<typeof settings> = {
  settings,
  rules: awsSecretsManagerRules,
  connect: ({ kmsKeyArn }, { owner, encryptionKey }) =>
    createAwsSecretsManagerStore({ client: secretsManager(), owner, kmsKeyArn: kmsKeyArn ?? encryptionKey }),
  // Secrets delivered before relay.yaml named a key are still encrypted with the key of the stack.
  grants: ({ kmsKeyArn }, use, scope) =>
    permissionsFor(use, [...new Set([scope.encryptionKey, kmsKeyArn ?? scope.encryptionKey])], scope),
};

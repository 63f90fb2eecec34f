import * as z from 'zod';

const awsSecretsManager = z.strictObject({
  type: z.literal('aws-secrets-manager').describe('AWS Secrets Manager of the account and region of the stack.'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .optional()
    .describe('The key that encrypts delivered secrets; the key of the stack when left out.'),
});

/** A place to deliver into. */
export const store = z.discriminatedUnion('type', [awsSecretsManager]);

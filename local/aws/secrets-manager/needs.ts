import * as z from 'zod';
import type { Context, Need } from '../permissions/evaluate.ts';
import { keyNeeds } from '../permissions/permissions.ts';
import type { State, StoredSecret } from './state.ts';

/** As much of any request as decides over what it needs to be allowed. */
const requestSchema = z.object({
  Name: z.string().optional(),
  SecretId: z.string().optional(),
  KmsKeyId: z.string().optional(),
  ClientRequestToken: z.string().optional(),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
});
type Request = z.infer<typeof requestSchema>;

const ON_NO_SECRET = new Set(['ListSecrets', 'BatchGetSecretValue', 'GetRandomPassword']);

/**
 * What a call needs to be allowed. A body that is no request needs nothing: it is refused for what it is.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Secrets Manager".
 */
export const needsOf = (state: State, action: string, body: unknown): Need[] => {
  const request = requestSchema.safeParse(body).data;
  if (request === undefined) return [];
  const secret = request.SecretId === undefined ? undefined : state.lookUp(request.SecretId);
  const resource = ON_NO_SECRET.has(action) ? '*' : (secret?.arn ?? expectedArn(state, request));
  const context = { ...tags('aws:ResourceTag', secret?.tags ?? new Map()), ...requestTags(request) };
  // Tags at a creation are tagging, too.
  const actions = action === 'CreateSecret' && request.Tags.length > 0 ? [action, 'TagResource'] : [action];
  return [
    ...actions.map((one) => ({ action: `secretsmanager:${one}`, resource, context })),
    ...keyNeeds(secret?.kmsKeyId ?? request.KmsKeyId, 'secretsmanager', ...keyUses(action, request, secret)),
  ];
};

/** A name that no secret has yet stands for the ARN that it would get. */
const expectedArn = (state: State, { Name, SecretId = '' }: Request): string =>
  SecretId.startsWith('arn:') ? SecretId : state.newArn(Name ?? SecretId);

const tags = (key: string, all: ReadonlyMap<string, string>): Context =>
  Object.fromEntries([...all].map(([name, value]) => [`${key}/${name}`, [value]]));

const requestTags = ({ Tags }: Request): Context =>
  Tags.length === 0
    ? {}
    : {
        ...tags('aws:RequestTag', new Map(Tags.map(({ Key, Value }) => [Key, Value]))),
        'aws:TagKeys': Tags.map(({ Key }) => Key),
      };

/**
 * A value is encrypted with a new data key, and decrypted to be read, or to be compared when its version is there
 * already; a key that a secret is created with is tried both ways.
 * Source: Secrets Manager user guide, "Secret encryption and decryption", "How Secrets Manager uses your KMS key".
 */
const keyUses = (action: string, { ClientRequestToken }: Request, secret: StoredSecret | undefined): string[] => {
  switch (action) {
    case 'CreateSecret':
      return ['GenerateDataKey', 'Decrypt'];
    case 'GetSecretValue':
      return ['Decrypt'];
    case 'PutSecretValue':
    case 'UpdateSecret':
      return ['GenerateDataKey', ...(secret?.versions.has(ClientRequestToken ?? '') ? ['Decrypt'] : [])];
    default:
      return [];
  }
};

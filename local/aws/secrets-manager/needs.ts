import * as z from 'zod';
import type { Context, Need } from '../permissions/evaluate.ts';
import { keyNeeds } from '../permissions/permissions.ts';
import { requestTagContext, tagContext } from '../permissions/tags.ts';
import type { State, StoredSecret } from './state.ts';

/** The fields of requests that determine the required permissions. */
const requestSchema = z.object({
  Name: z.string().optional(),
  SecretId: z.string().optional(),
  KmsKeyId: z.string().optional(),
  ClientRequestToken: z.string().optional(),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
  AddReplicaRegions: z.array(z.object({ Region: z.string(), KmsKeyId: z.string().optional() })).default([]),
  ForceOverwriteReplicaSecret: z.boolean().optional(),
});
type Request = z.infer<typeof requestSchema>;

const WITHOUT_SECRET = new Set(['ListSecrets', 'BatchGetSecretValue', 'GetRandomPassword']);

/**
 * Returns the permissions that a call needs. An invalid body needs none, because it is rejected anyway. Source: Service
 * Authorization Reference, "Actions, resources, and condition keys for AWS Secrets Manager".
 */
export const needsOf = (state: State, action: string, body: unknown): Need[] => {
  const request = requestSchema.safeParse(body).data;
  if (request === undefined) return [];
  const secret = request.SecretId === undefined ? undefined : state.lookUp(request.SecretId);
  const resource = WITHOUT_SECRET.has(action) ? '*' : (secret?.arn ?? expectedArn(state, request));
  const context = {
    ...tagContext('aws:ResourceTag', secret?.tags ?? new Map()),
    ...requestTagContext(request.Tags),
    ...replication(request),
  };
  const keyOf = (arn: string | undefined, ...uses: readonly string[]) =>
    keyNeeds(arn, 'secretsmanager', uses, state.options.region);
  return [
    ...[action, ...alsoNeeded(action, request)].map((one) => ({
      action: `secretsmanager:${one}`,
      resource,
      context,
    })),
    ...keyOf(secret?.kmsKeyId ?? request.KmsKeyId, ...keyUses(action, request, secret)),
    ...request.AddReplicaRegions.flatMap(({ KmsKeyId }) => keyOf(KmsKeyId, 'GenerateDataKey', 'Encrypt')),
  ];
};

/** A creation with tags also requires the permission to tag, and one with replicas that to replicate. */
const alsoNeeded = (action: string, { Tags, AddReplicaRegions }: Request): string[] => {
  if (action !== 'CreateSecret') return [];
  return [
    ...(Tags.length > 0 ? ['TagResource'] : []),
    ...(AddReplicaRegions.length > 0 ? ['ReplicateSecretToRegions'] : []),
  ];
};

const replication = ({ AddReplicaRegions, ForceOverwriteReplicaSecret: force }: Request): Context => ({
  ...(AddReplicaRegions.length > 0 && {
    'secretsmanager:AddReplicaRegions': AddReplicaRegions.map(({ Region }) => Region),
  }),
  ...(force !== undefined && { 'secretsmanager:ForceOverwriteReplicaSecret': [String(force)] }),
});

/** The ARN that a new secret with this name would get. */
const expectedArn = (state: State, { Name, SecretId = '' }: Request): string =>
  SecretId.startsWith('arn:') ? SecretId : state.newArn(Name ?? SecretId);

/**
 * Writing a value requires a new data key. Reading a value requires decryption, and so does comparing it with an
 * existing version. Creating a secret tests the key both ways. Source: Secrets Manager user guide, "Secret encryption
 * and decryption", "How Secrets Manager uses your KMS key".
 */
const keyUses = (action: string, { ClientRequestToken }: Request, secret: StoredSecret | undefined): string[] => {
  switch (action) {
    case 'CreateSecret':
      return ['GenerateDataKey', 'Decrypt'];
    case 'GetSecretValue':
    case 'ReplicateSecretToRegions':
      return ['Decrypt'];
    case 'PutSecretValue':
    case 'UpdateSecret':
      return ['GenerateDataKey', ...(secret?.versions.has(ClientRequestToken ?? '') ? ['Decrypt'] : [])];
    default:
      return [];
  }
};

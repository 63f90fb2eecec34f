import * as z from 'zod';
import type { Need } from '../permissions/evaluate.ts';
import { keyNeeds } from '../permissions/permissions.ts';
import { requestTagContext, tagContext } from '../permissions/tags.ts';
import { currentOf, type Parameter, type State } from './state.ts';

/** The fields of requests that determine the required permissions. */
const requestSchema = z.object({
  Name: z.string().optional(),
  ResourceId: z.string().optional(),
  KeyId: z.string().optional(),
  Tier: z.string().optional(),
  WithDecryption: z.boolean().default(false),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
});
type Request = z.infer<typeof requestSchema>;

/**
 * Returns the permissions that a call needs. An invalid body needs none, because it is rejected anyway. Source: Service
 * Authorization Reference, "Actions, resources, and condition keys for AWS Systems Manager".
 */
export const needsOf = (state: State, action: string, body: unknown): Need[] => {
  const request = requestSchema.safeParse(body).data;
  if (request === undefined) return [];
  const selector = request.Name ?? request.ResourceId;
  const parameter = selector === undefined ? undefined : state.lookUp(selector);
  const resource = selector === undefined ? '*' : (parameter?.arn ?? state.arnOf(selector.replace(/:\d+$/, '')));
  const context = {
    ...tagContext('aws:ResourceTag', parameter?.tags ?? new Map()),
    ...requestTagContext(request.Tags),
  };
  // A creation with tags also requires the permission to tag.
  const actions = action === 'PutParameter' && request.Tags.length > 0 ? [action, 'AddTagsToResource'] : [action];
  return [
    ...actions.map((one) => ({ action: `ssm:${one}`, resource, context })),
    ...keyNeeds(keyArnOf(request, parameter), 'ssm', keyUses(action, request), state.options.region),
  ];
};

/** The keys that AWS manages need no permission. */
const keyArnOf = ({ KeyId }: Request, parameter: Parameter | undefined): string | undefined => {
  const keyId = KeyId ?? (parameter && currentOf(parameter).keyId);
  return keyId?.startsWith('arn:') ? keyId : undefined;
};

/**
 * A standard value is encrypted with the key itself, an advanced one with a data key. Source: Systems Manager user
 * guide, "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters".
 */
const keyUses = (action: string, { Tier, WithDecryption }: Request): string[] => {
  if (action === 'PutParameter') return [Tier === 'Advanced' ? 'GenerateDataKey' : 'Encrypt'];
  const reads = action === 'GetParameter' || action === 'GetParameterHistory';
  return reads && WithDecryption ? ['Decrypt'] : [];
};

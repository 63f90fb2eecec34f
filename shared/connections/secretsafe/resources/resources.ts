import type { ResourceType } from '#shared/connections/resource.ts';
import { collectionAccess } from '#shared/connections/secretsafe/resources/collection-access.ts';
import { group } from '#shared/connections/secretsafe/resources/group.ts';
import { member } from '#shared/connections/secretsafe/resources/member.ts';
import { policy } from '#shared/connections/secretsafe/resources/policy.ts';

/** Kinds of resource of SecretSafe, by their names in a blueprint. */
export const RESOURCES = {
  'secretsafe-member': member,
  'secretsafe-group': group,
  'secretsafe-collection-access': collectionAccess,
  'secretsafe-policy': policy,
} as const satisfies Readonly<Record<string, ResourceType>>;

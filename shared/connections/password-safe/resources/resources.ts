import { accessLevel } from '#shared/connections/password-safe/resources/access-level.ts';
import { asset } from '#shared/connections/password-safe/resources/asset.ts';
import { managedAccount } from '#shared/connections/password-safe/resources/managed-account.ts';
import { managedSystem } from '#shared/connections/password-safe/resources/managed-system.ts';
import { permissions } from '#shared/connections/password-safe/resources/permissions.ts';
import { quickRule } from '#shared/connections/password-safe/resources/quick-rule.ts';
import { role } from '#shared/connections/password-safe/resources/role.ts';
import { userGroup } from '#shared/connections/password-safe/resources/user-group.ts';
import type { ResourceType } from '#shared/connections/resource.ts';

/** Kinds of resource of Password Safe, by their names in a blueprint. */
export const RESOURCES = {
  asset,
  'managed-system': managedSystem,
  'managed-account': managedAccount,
  'quick-rule': quickRule,
  'user-group': userGroup,
  'access-level': accessLevel,
  role,
  permissions,
} as const satisfies Readonly<Record<string, ResourceType>>;

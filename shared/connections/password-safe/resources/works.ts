import { accessLevelWork } from '#shared/connections/password-safe/resources/access-level.ts';
import { assetWork } from '#shared/connections/password-safe/resources/asset.ts';
import { managedAccountWork } from '#shared/connections/password-safe/resources/managed-account.ts';
import { managedSystemWork } from '#shared/connections/password-safe/resources/managed-system.ts';
import { permissionsWork } from '#shared/connections/password-safe/resources/permissions.ts';
import { quickRuleWork } from '#shared/connections/password-safe/resources/quick-rule.ts';
import type { RESOURCES } from '#shared/connections/password-safe/resources/resources.ts';
import { roleWork } from '#shared/connections/password-safe/resources/role.ts';
import { userGroupWork } from '#shared/connections/password-safe/resources/user-group.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Resources, ResourceWork } from '#shared/connections/resource.ts';

/** Opens every kind of resource in a session. */
export const openResources = (session: Session): Resources => {
  const works: Readonly<Record<keyof typeof RESOURCES, ResourceWork>> = {
    asset: assetWork(session),
    'managed-system': managedSystemWork(session),
    'managed-account': managedAccountWork(session),
    'quick-rule': quickRuleWork(session),
    'user-group': userGroupWork(session),
    'access-level': accessLevelWork(session),
    role: roleWork(session),
    permissions: permissionsWork(session),
  };
  const byName = new Map<string, ResourceWork>(Object.entries(works));
  return (type) => byName.get(type);
};

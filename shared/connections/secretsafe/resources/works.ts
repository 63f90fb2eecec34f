import type { DirectorySession } from '#shared/connections/directory.ts';
import type { Resources, ResourceWork } from '#shared/connections/resource.ts';
import { collectionAccessWork } from '#shared/connections/secretsafe/resources/collection-access.ts';
import { groupWork } from '#shared/connections/secretsafe/resources/group.ts';
import { memberWork, type WorkOptions } from '#shared/connections/secretsafe/resources/member.ts';
import { watchOthers } from '#shared/connections/secretsafe/resources/owner.ts';
import { policyWork } from '#shared/connections/secretsafe/resources/policy.ts';
import type { RESOURCES } from '#shared/connections/secretsafe/resources/resources.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';

/** Opens every kind of resource in a session. */
export const openResources = (session: Session, directory: DirectorySession): Resources => {
  const options: WorkOptions = { session, directory, hasOthers: watchOthers(directory) };
  const works: Readonly<Record<keyof typeof RESOURCES, ResourceWork>> = {
    'secretsafe-member': memberWork(options),
    'secretsafe-group': groupWork(options),
    'secretsafe-collection-access': collectionAccessWork(options),
    'secretsafe-policy': policyWork(options),
  };
  const byName = new Map<string, ResourceWork>(Object.entries(works));
  return (type) => byName.get(type);
};

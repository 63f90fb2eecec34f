import type { ResourceWork } from '#shared/connections/resource.ts';
import type { VaultSession } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** Work on a kind of resource in a session. Raises `ConfigurationInvalid` if the connection has no such kind. */
export const resourceWork = (session: Pick<VaultSession, 'resource'>, typeName: string): ResourceWork => {
  const work = session.resource?.(typeName);
  if (work !== undefined) return work;
  throw new RelayError('ConfigurationInvalid', `The connection has no resources of the type ${typeName}.`);
};

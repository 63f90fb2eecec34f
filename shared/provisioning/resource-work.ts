import type { ProviderSession } from '#shared/connections/provider.ts';
import type { ResourceWork } from '#shared/connections/resource.ts';
import { RelayError } from '#shared/errors.ts';

/** Minimum time left in an invocation to begin a resource, or the comparison of a subject. */
export const MIN_REMAINING_MS = 60_000;

/** Work on a kind of resource. Raises `ConfigurationInvalid` if the connection has no such kind. */
export type WorkOn = (type: string) => ResourceWork;

/** Opens the kinds of resource of a connection in a session. */
export const openResources = async (session: ProviderSession): Promise<WorkOn> => {
  const resources = await session.resources?.();
  return (type) => {
    const work = resources?.(type);
    if (work !== undefined) return work;
    throw new RelayError('ConfigurationInvalid', `The connection has no resources of the type ${type}.`);
  };
};

import type { ConnectionType } from '#shared/connections/connection-type.ts';
import { CONNECTION_TYPES } from '#shared/connections/registry.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { StoreType } from '#shared/stores/store.ts';

/** All types that a relay.yaml can use, by their names there. */
export interface RegisteredTypes {
  readonly connections: Readonly<Record<string, ConnectionType>>;
  readonly stores: Readonly<Record<string, StoreType>>;
  /** Kinds of resource, by type of connection. */
  readonly resources: Readonly<Record<string, ResourceTypes>>;
}

/** Importers of types, as in the registries. */
interface Registries {
  readonly connections: Readonly<Record<string, () => Promise<ConnectionType>>>;
  readonly stores: Readonly<Record<string, () => Promise<StoreType>>>;
}

const loadAll = async <T>(importers: Readonly<Record<string, () => Promise<T>>>): Promise<Record<string, T>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(importers).map(async ([type, load]) => [type, await load()] as const)),
  );

/** Imports all types, for loading a relay.yaml and for synthesis. Functions import only the types they use. */
export const loadTypes = async (
  { connections, stores }: Registries = { connections: CONNECTION_TYPES, stores: STORE_TYPES },
): Promise<RegisteredTypes> => {
  const types = await loadAll(connections);
  const resources = Object.entries(types).map(
    async ([type, { resources: load }]) => [type, (await load?.()) ?? {}] as const,
  );
  return {
    connections: types,
    stores: await loadAll(stores),
    resources: Object.fromEntries(await Promise.all(resources)),
  };
};

export const REGISTERED_TYPES = await loadTypes();

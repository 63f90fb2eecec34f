import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadTypes, REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';

/**
 * Paths of modules that replace the registries, for tests with their own types. Each has the same exports as the
 * registry that it replaces, and can import that registry to extend it.
 */
export interface Registries {
  readonly connections?: string;
  readonly stores?: string;
}

const PLACES = {
  connections: resolve(import.meta.dirname, '../shared/connections/registry.ts'),
  stores: resolve(import.meta.dirname, '../shared/stores/registry.ts'),
} as const satisfies Required<Registries>;

/** Maps the path of each replaced registry to the path of its replacement. */
export const replacedRegistries = ({ connections, stores }: Registries): ReadonlyMap<string, string> =>
  new Map([
    ...(connections === undefined ? [] : [[PLACES.connections, resolve(connections)] as const]),
    ...(stores === undefined ? [] : [[PLACES.stores, resolve(stores)] as const]),
  ]);

type ConnectionRegistry = typeof import('#shared/connections/registry.ts');
type StoreRegistry = typeof import('#shared/stores/registry.ts');

/** Loads the types in these registries. */
export const loadRegisteredTypes = async ({ connections, stores }: Registries = {}): Promise<RegisteredTypes> => {
  if (connections === undefined && stores === undefined) return REGISTERED_TYPES;
  const { CONNECTION_TYPES }: ConnectionRegistry = await importPath(connections ?? PLACES.connections);
  const { STORE_TYPES }: StoreRegistry = await importPath(stores ?? PLACES.stores);
  return loadTypes({ connections: CONNECTION_TYPES, stores: STORE_TYPES });
};

const importPath = (path: string) => import(pathToFileURL(resolve(path)).href);

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadTypes, REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';

/**
 * Paths of modules that take the place of the registries, each with the same exports: for tests with types of their own.
 * Such a module may import the registry that it replaces, to add to it.
 */
export interface Registries {
  readonly connections?: string;
  readonly stores?: string;
}

const PLACES = {
  connections: resolve(import.meta.dirname, '../shared/connections/registry.ts'),
  stores: resolve(import.meta.dirname, '../shared/stores/registry.ts'),
} as const satisfies Required<Registries>;

/** By the path of each registry that is replaced, the path of what takes its place. */
export const replacedRegistries = ({ connections, stores }: Registries): ReadonlyMap<string, string> =>
  new Map([
    ...(connections === undefined ? [] : [[PLACES.connections, resolve(connections)] as const]),
    ...(stores === undefined ? [] : [[PLACES.stores, resolve(stores)] as const]),
  ]);

type ConnectionRegistry = typeof import('#shared/connections/registry.ts');
type StoreRegistry = typeof import('#shared/stores/registry.ts');

/** The types in these registries. */
export const loadRegisteredTypes = async ({ connections, stores }: Registries = {}): Promise<RegisteredTypes> => {
  if (connections === undefined && stores === undefined) return REGISTERED_TYPES;
  const { CONNECTION_TYPES }: ConnectionRegistry = await importPath(connections ?? PLACES.connections);
  const { STORE_TYPES }: StoreRegistry = await importPath(stores ?? PLACES.stores);
  return loadTypes({ connections: CONNECTION_TYPES, stores: STORE_TYPES });
};

const importPath = (path: string) => import(pathToFileURL(resolve(path)).href);

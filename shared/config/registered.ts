import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { StoreType } from '#shared/stores/store.ts';

interface Typed {
  readonly type: string;
}

/**
 * Returns the type of an entry under `connections`. Throws if the type is not registered, which the loader rules out.
 */
export const connectionTypeOf = ({ connections }: RegisteredTypes, { type }: Typed): ConnectionType =>
  find(connections, type);

/** Returns the type of an entry under `stores`. Throws if the type is not registered, which the loader rules out. */
export const storeTypeOf = ({ stores }: RegisteredTypes, { type }: Typed): StoreType => find(stores, type);

const find = <T>(types: Readonly<Record<string, T>>, type: string): T => {
  const found = Object.hasOwn(types, type) ? types[type] : undefined;
  if (found === undefined) throw new Error(`The type ${type} is not registered.`);
  return found;
};

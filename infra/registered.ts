import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { StoreType } from '#shared/stores/store.ts';

interface Typed {
  readonly type: string;
}

/** The type of an entry under `connections`. Throws for one that the loader would have refused. */
export const connectionTypeOf = ({ connections }: RegisteredTypes, { type }: Typed): ConnectionType =>
  find(connections, type);

/** The type of an entry under `stores`. Throws for one that the loader would have refused. */
export const storeTypeOf = ({ stores }: RegisteredTypes, { type }: Typed): StoreType => find(stores, type);

const find = <T>(types: Readonly<Record<string, T>>, type: string): T => {
  const found = Object.hasOwn(types, type) ? types[type] : undefined;
  if (found === undefined) throw new Error(`There is no registered type ${type}.`);
  return found;
};

import { type Checkable, checkableEntries, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';

/** Places of the entries under `stores`, and checks of entries that share one. Pure. */

/** A folder of a place, with a slash at its end; empty for the whole place. */
export interface StoreFolder {
  readonly place: string;
  readonly folder: string;
}

const nameOfPlace = (type: string, place: string | undefined): string => JSON.stringify([type, place]);

/**
 * Identifies where an entry keeps its secrets, whatever its name: first the folder that it delivers into, then those of
 * its replicas. Undefined if it cannot be checked.
 */
export const foldersOf = (
  { stores }: Checkable,
  types: RegisteredTypes,
  name: string,
): readonly StoreFolder[] | undefined => {
  const store = ownOf(stores, name);
  const type = store && ownOf(types.stores, store.type);
  if (store === undefined || type === undefined) return undefined;
  const folder = type.folder?.(store);
  const places = [type.place?.(store), ...(type.replicaPlaces?.(store) ?? [])];
  return [...new Set(places.map((place) => nameOfPlace(store.type, place)))].map((place) => ({
    place,
    folder: folder === undefined ? '' : `${folder}/`,
  }));
};

const inWords = (perSecond: number | undefined): string => (perSecond === undefined ? 'unlimited' : String(perSecond));

/** The writes of all entries of a place count against the same quotas, so they have one pace. */
export const checkPaces = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const first = new Map<string, { readonly name: string; readonly perSecond: number | undefined }>();
  return checkableEntries(config.stores).flatMap(([name, store]) => {
    const type = ownOf(types.stores, store.type);
    if (type?.pacing === undefined) return [];
    const place = nameOfPlace(store.type, type.place?.(store));
    const perSecond = type.pacing(store)?.perSecond;
    const other = first.get(place);
    if (other === undefined) {
      first.set(place, { name, perSecond });
      return [];
    }
    if (other.perSecond === perSecond) return [];
    const message = `is ${inWords(perSecond)} while store "${other.name}" has ${inWords(other.perSecond)} for the same place, where both count against the same quotas; write the same value in both, such as writesPerSecond: ${inWords(other.perSecond)}`;
    return [{ path: ['stores', name, 'writesPerSecond'], message }];
  });
};

/** Scope of a role whose permissions are not looked at. */
const NO_SCOPE = { prefixes: [], owners: '', encryptionKey: '', partition: 'aws', region: '', account: '' };

/** The template of a role has one external id, so all entries with that role share it. Its value is never shown. */
export const checkRoles = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const first = new Map<string, { readonly name: string; readonly externalId: string }>();
  return checkableEntries(config.stores).flatMap(([name, store]) => {
    const role = ownOf(types.stores, store.type)?.role?.(store, NO_SCOPE, 'syncs');
    if (role === undefined) return [];
    const other = first.get(role.arn);
    if (other === undefined) {
      first.set(role.arn, { name, externalId: role.externalId });
      return [];
    }
    if (other.externalId === role.externalId) return [];
    const message = `differs from that of store "${other.name}" for the same role; use one externalId for the role ${role.arn}: copy the one of store "${other.name}"`;
    return [{ path: ['stores', name, 'externalId'], message }];
  });
};

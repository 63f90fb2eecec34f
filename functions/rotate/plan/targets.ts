import type { Item } from '#shared/domain/item.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { RelayError } from '#shared/errors.ts';
import type { RotationTarget } from '#shared/records/rotation-record.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { readersOf } from './select.ts';

export interface TargetsDependencies {
  readonly storeRules: (store: string) => Promise<Pick<StoreRules, 'name'>>;
}

/** Creates the search for the targets of an item in the stores of its syncs, by the names that the syncs give them. */
export const createTargetsOf = async (
  readers: Awaited<ReturnType<typeof readersOf>>,
  { storeRules }: TargetsDependencies,
): Promise<(item: Item, of: readonly string[]) => RotationTarget[]> => {
  const places = await Promise.all(
    readers.map(({ sync, settings, rules: { labels } }) =>
      Promise.all(
        settings.stores.map(async (store) => {
          const { name: rules } = await storeRules(store);
          return { sync, store, nameOf: createNaming({ template: settings.name, labels, rules }) };
        }),
      ),
    ),
  );
  return (item, of) =>
    places
      .flat()
      .filter(({ sync }) => of.includes(sync))
      .flatMap(({ sync, store, nameOf }) => {
        const name = nameIn(nameOf, item);
        return name === undefined ? [] : [{ sync, store, name }];
      });
};

/** Undefined for an item without a usable name. The sync reports it, and delivers nothing. */
const nameIn = (nameOf: ReturnType<typeof createNaming>, item: Item): string | undefined => {
  try {
    return nameOf(item);
  } catch (thrown) {
    if (thrown instanceof RelayError) return undefined;
    throw thrown;
  }
};

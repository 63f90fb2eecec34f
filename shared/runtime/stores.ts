import type { RelayConfig } from '#shared/config/schema.ts';
import { limitDescriptions } from '#shared/delivery/descriptions.ts';
import { RelayError } from '#shared/errors.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { SecretStore, StoreRules, StoreType } from '#shared/stores/store.ts';

export interface StoresOptions {
  readonly config: Pick<RelayConfig, 'stores'>;
  /** KMS key of the stack, for functions that deliver. */
  readonly encryptionKey: string | undefined;
  /** Replaced only in tests. */
  readonly types?: typeof STORE_TYPES;
}

export interface Stores {
  /** Returns a store for the secrets of one owner. Connects once. Raises `ConfigurationInvalid`. */
  storeOf(store: string, owner: string): Promise<SecretStore>;
  /** Returns the rules of a store's type. Raises `ConfigurationInvalid`. */
  rulesOf(store: string): Promise<StoreRules>;
}

/** Creates the stores of a configuration. */
export const createStores = ({ config, encryptionKey, types = STORE_TYPES }: StoresOptions): Stores => {
  const find = async (store: string): Promise<{ type: StoreType; settings: unknown }> => {
    const settings = Object.hasOwn(config.stores, store) ? config.stores[store] : undefined;
    if (settings === undefined) {
      throw new RelayError('ConfigurationInvalid', `There is no store ${store} in the deployed relay.yaml.`);
    }
    const load = Object.hasOwn(types, settings.type) ? types[settings.type] : undefined;
    if (load === undefined) {
      throw new RelayError(
        'ConfigurationInvalid',
        `This version of the relay has no store type ${settings.type}. Deploy the stack again.`,
      );
    }
    return { type: await load(), settings };
  };

  const connect = async (store: string, owner: string): Promise<SecretStore> => {
    const { type, settings } = await find(store);
    return limitDescriptions(type.connect(type.settings.parse(settings), { owner, encryptionKey }));
  };

  const connected = new Map<string, Promise<SecretStore>>();
  return {
    storeOf(store, owner) {
      const key = `${store}/${owner}`;
      const known = connected.get(key) ?? connect(store, owner);
      connected.set(key, known);
      return known;
    },
    rulesOf: async (store) => (await find(store)).type.rules,
  };
};

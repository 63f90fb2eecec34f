import type { StoreType } from '#shared/stores/store.ts';

/**
 * All types of store, by their name in relay.yaml. Each is imported on demand, so that a function loads only what its
 * configuration uses. A bundle can replace this module: see `infra/bundle.ts`.
 */
export const STORE_TYPES: Readonly<Record<string, () => Promise<StoreType>>> = {
  'aws-parameter-store': async () => (await import('#shared/stores/aws-parameter-store/type.ts')).awsParameterStore,
  'aws-secrets-manager': async () => (await import('#shared/stores/aws-secrets-manager/type.ts')).awsSecretsManager,
  'kv-v2': async () => (await import('#shared/stores/kv-v2/type.ts')).kvV2,
};

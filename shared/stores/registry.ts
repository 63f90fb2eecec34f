import type { StoreType } from '#shared/stores/store.ts';

/**
 * All types of store, by the word that relay.yaml knows them by. Each is imported late, so that a function loads only what
 * its configuration uses. Replaceable when bundles are made: see `infra/bundle.ts`.
 */
export const STORE_TYPES: Readonly<Record<string, () => Promise<StoreType>>> = {
  'aws-secrets-manager': async () => (await import('#shared/stores/aws-secrets-manager/type.ts')).awsSecretsManager,
};

import { CONNECTION_TYPES as REGISTERED } from '#shared/connections/registry.ts';

/** Takes the place of `shared/connections/registry.ts` where a test adds a type. */
export const CONNECTION_TYPES: typeof REGISTERED = {
  ...REGISTERED,
  'minimal-vault': async () => (await import('#test/support/minimal/vault.ts')).minimalVault,
};

import { CONNECTION_TYPES as REGISTERED } from '#shared/connections/registry.ts';

/** Replaces `shared/connections/registry.ts` in tests that add a type. */
export const CONNECTION_TYPES: typeof REGISTERED = {
  ...REGISTERED,
  'minimal-vault': async () => (await import('#test/support/minimal/vault.ts')).minimalVault,
};

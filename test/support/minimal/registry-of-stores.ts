import { STORE_TYPES as REGISTERED } from '#shared/stores/registry.ts';

/** Replaces `shared/stores/registry.ts` in tests that add a type. */
export const STORE_TYPES: typeof REGISTERED = {
  ...REGISTERED,
  'minimal-store': async () => (await import('#test/support/minimal/store.ts')).minimalStore,
};

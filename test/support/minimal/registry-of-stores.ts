import { STORE_TYPES as REGISTERED } from '#shared/stores/registry.ts';

/** Takes the place of `shared/stores/registry.ts` where a test adds a type. */
export const STORE_TYPES: typeof REGISTERED = {
  ...REGISTERED,
  'minimal-store': async () => (await import('#test/support/minimal/store.ts')).minimalStore,
};

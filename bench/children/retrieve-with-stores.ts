import { STORE_TYPES } from '#shared/stores/registry.ts';

/** The retrieve step of syncs, with all that its stores import late. */
export { handler } from '#functions/sync/retrieve/handler.ts';

await Promise.all(Object.values(STORE_TYPES).map((load) => load()));
// Imported by a store that requires a token of AWS.
await import('@aws-sdk/client-sts');

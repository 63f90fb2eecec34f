import type { ConnectionType } from '#shared/connections/connection-type.ts';

/**
 * All types of connection, by the word that relay.yaml knows them by. Each is imported late, so that a function loads only
 * what its configuration uses. Replaceable when bundles are made: see `infra/bundle.ts`.
 */
export const CONNECTION_TYPES: Readonly<Record<string, () => Promise<ConnectionType>>> = {
  'password-safe': async () => (await import('#shared/connections/password-safe/type.ts')).passwordSafe,
};

import type { ConnectionType } from '#shared/connections/connection-type.ts';

/**
 * Connection types by their names in relay.yaml. Each is imported on demand, so that a function loads only the types in
 * its configuration. Bundling can replace this map: see `infra/bundle.ts`.
 */
export const CONNECTION_TYPES: Readonly<Record<string, () => Promise<ConnectionType>>> = {
  'password-safe': async () => (await import('#shared/connections/password-safe/type.ts')).passwordSafe,
  secretsafe: async () => (await import('#shared/connections/secretsafe/type.ts')).secretSafe,
  sra: async () => (await import('#shared/connections/sra/type.ts')).sra,
};

import { type RelayConfig, relayConfigSchema, type SyncConfig } from '#shared/config/schema.ts';

/** A whole configuration with one sync, `databases`; a test names only what matters to it. */
export const aConfig = (sync: Record<string, unknown> = {}): RelayConfig =>
  relayConfigSchema.parse({
    connections: {
      vault: {
        type: 'password-safe',
        url: 'https://127.0.0.1/BeyondTrust/api/public/v3',
        authentication: { type: 'oauth', bootstrapSecret: 'bootstrap/vault' },
      },
    },
    stores: { aws: { type: 'aws-secrets-manager' } },
    syncs: {
      databases: {
        connection: 'vault',
        store: 'aws',
        name: 'prod/{systemName}/{accountName}',
        schedule: { expression: 'rate(1 hour)' },
        ...sync,
      },
    },
  });

/** The same with a rule for checkouts, `tickets`. */
export const aCheckoutConfig = (rule: Record<string, unknown> = {}, sync: Record<string, unknown> = {}): RelayConfig =>
  relayConfigSchema.parse({
    ...aConfig(sync),
    checkouts: {
      tickets: {
        connection: 'vault',
        store: 'aws',
        name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
        ...rule,
      },
    },
  });

export const syncsOf = (sync: Record<string, unknown> = {}): Record<string, SyncConfig> => aConfig(sync).syncs;

/** What every step of one run is given. */
export const aRun = (
  order: Partial<{ mode: 'changes' | 'verify'; accounts: 'all' | 'named'; retryParked: boolean }> = {},
) => ({
  run: 'databases.1',
  order: { sync: 'databases', mode: 'changes' as const, accounts: 'all' as const, retryParked: false, ...order },
});

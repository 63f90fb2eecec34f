import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import type { SyncRun } from '#shared/workflows/sync.ts';

const relaySchema = buildRelaySchema(REGISTERED_TYPES);

/** A whole configuration as the loader gives it, every default filled in; what several fields tell together is not checked. */
export const parseShapeOf = (config: unknown): RelayConfig => relaySchema.parse(config);

/** A whole configuration with one sync, `databases`; a test names only what matters to it. */
export const aConfig = (sync: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
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
  parseShapeOf({
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

/** A rule for checkouts with the defaults of relay.yaml. */
export const aCheckoutRule = (rule: Record<string, unknown> = {}): CheckoutConfig => {
  const { tickets } = aCheckoutConfig(rule).checkouts;
  if (tickets === undefined) throw new TypeError('The configuration has no rule tickets.');
  return tickets;
};

/** What every step of one run is given. */
export const aRun = (order: Partial<SyncRun['order']> = {}): SyncRun => ({
  workflow: 'sync',
  rule: 'databases',
  run: 'databases.1',
  order: { sync: 'databases', mode: 'changes', items: 'all', retryParked: false, ...order },
});

import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { type CheckoutConfig, oldCheckoutsSchema, type RelayConfig } from '#shared/config/schema.ts';
import type { SyncRun } from '#shared/workflows/sync.ts';

const relaySchema = buildRelaySchema(REGISTERED_TYPES);

/** Parses a configuration and fills in the defaults. Rules across fields are not checked. */
export const parseShapeOf = (config: unknown): RelayConfig => relaySchema.parse(config);

/** A configuration with one sync, `databases`. */
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
        stores: ['aws'],
        name: 'prod/{systemName}/{accountName}',
        schedule: { expression: 'rate(1 hour)' },
        ...sync,
      },
    },
  });

/** A configuration with the sync `databases` and the checkout rule `tickets`. */
export const aCheckoutConfig = (rule: Record<string, unknown> = {}, sync: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aConfig(sync),
    checkouts: {
      tickets: {
        connection: 'vault',
        stores: ['aws'],
        name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
        ...rule,
      },
    },
  });

/** A configuration with the sync `databases` and the blueprint `hosts` of one asset. */
export const aBlueprintConfig = (blueprint: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aConfig(),
    provisioning: {
      hosts: {
        connection: 'vault',
        resources: {
          machine: { type: 'asset', workgroup: 'Default Workgroup', name: 'machine', address: '192.0.2.1' },
        },
        ...blueprint,
      },
    },
  });

/** The same, with EC2 instances as its subjects. */
export const aMachineConfig = (): RelayConfig =>
  aBlueprintConfig({ ec2: { accounts: ['111122223333'], vpcs: ['vpc-1'], inputs: {} } });

/** The configuration of {@link aCheckoutConfig}, and a webhook for its rule. */
export const aWebhookConfig = (webhook: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aCheckoutConfig(),
    webhooks: {
      changes: {
        checkout: 'tickets',
        signature: { type: 'standard-webhooks', keys: 'webhooks/changes' },
        ticket: {
          number: '/number',
          position: { counter: '/count' },
          state: '/state',
          states: { Implement: 'open', Closed: 'close' },
          until: '/until',
          reason: '/reason',
          items: { labels: { systemName: '/system', accountName: '/account' } },
        },
        ...webhook,
      },
    },
  });

/** A configuration whose tickets are looked at, and get comments. */
export const aTellingConfig = (): RelayConfig =>
  parseShapeOf({
    ...aWebhookConfig({ ticketSystem: 'desk', comments: true, looksEveryMinutes: 15 }),
    ticketSystems: {
      desk: { type: 'servicenow', url: 'https://example.service-now.com', credentials: 'tickets/desk' },
    },
  });

/** A checkout rule with the defaults of relay.yaml. */
export const aCheckoutRule = (rule: Record<string, unknown> = {}): CheckoutConfig => {
  const { tickets } = aCheckoutConfig(rule).checkouts;
  if (tickets === undefined) throw new TypeError('The configuration has no rule tickets.');
  return tickets;
};

/** The input common to all steps of one run. */
export const aRun = (order: Partial<SyncRun['order']> = {}): SyncRun => ({
  workflow: 'sync',
  rule: 'databases',
  run: 'databases.1',
  order: { sync: 'databases', mode: 'changes', items: 'all', retryParked: false, ...order },
});

/** A configuration with the sync `databases` and the rotation `weekly`, without pauses. */
export const aRotationConfig = (rule: Record<string, unknown> = {}, sync: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aConfig(sync),
    rotations: { weekly: { connection: 'vault', pauseMinutes: 0, ...rule } },
  });

/** The configuration of {@link aConfig}, with the export `audit`. Functions do not check the kind of its connection. */
export const anExportConfig = (rule: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aConfig(),
    exports: { audit: { connection: 'vault', schedule: { expression: 'rate(1 hour)' }, ...rule } },
  });

/**
 * The configuration of {@link aConfig}, and the rule `hygiene` for old checkouts. Its connection has no such source:
 * the functions depend on none.
 */
export const anOldCheckoutsConfig = (rule: Record<string, unknown> = {}): RelayConfig => ({
  ...aConfig(),
  oldCheckouts: {
    hygiene: oldCheckoutsSchema.parse({
      ...{ connection: 'vault', source: 'vault-accounts', olderThanHours: 8 },
      schedule: { expression: 'rate(1 hour)' },
      ...rule,
    }),
  },
});

/** The configuration of {@link aConfig}, and the rule `people`. Its connection is a vault, which is not asked. */
export const aDirectoryConfig = (rule: Record<string, unknown> = {}): RelayConfig =>
  parseShapeOf({
    ...aConfig(),
    directories: {
      people: {
        ...{ connection: 'vault', members: [{ email: 'ann@example.com' }] },
        schedule: { expression: 'rate(1 hour)' },
        ...rule,
      },
    },
  });

import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { directorySchema } from '#shared/config/schema/directories.ts';
import { exportSchema } from '#shared/config/schema/export.ts';
import { name, wrongFormat } from '#shared/config/schema/fields.ts';
import { intake } from '#shared/config/schema/intake.ts';
import { network } from '#shared/config/schema/network.ts';
import { commonOldCheckouts } from '#shared/config/schema/old-checkouts.ts';
import { blueprintSchema } from '#shared/config/schema/provisioning.ts';
import { commonRotation } from '#shared/config/schema/rotation.ts';
import { commonStore } from '#shared/config/schema/store.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { ticketSystem } from '#shared/config/schema/ticket-systems.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import { webhookDomain } from '#shared/config/schema/webhook-domain.ts';
import { webhook } from '#shared/config/schema/webhooks.ts';

/**
 * The shape of relay.yaml for generic code. Settings that belong to one type of connection or store pass through
 * unchanged: `full-schema.ts` has already checked them and filled in every default.
 */

/** Always present: the source provides the default. */
const value = valueTemplate;

export const connectionSchema = z.looseObject({ type: z.string(), ...commonConnection });
/** A store in AWS has neither an address nor a CA. */
export const storeSchema = z.looseObject({ type: z.string(), ...commonStore }).partial({ url: true });
/** A rule that keeps a store up to date with a vault. */
export const syncSchema = z.looseObject({ source: z.string(), ...commonSync, value });
/** A rule under which messages can check out items for a limited time. */
export const checkoutSchema = z.looseObject({ source: z.string(), ...commonCheckout, value });
/** A rule that changes credentials in a vault. */
export const rotationSchema = z.looseObject({ source: z.string(), ...commonRotation });
/** A rule that reports the checkouts of all users, and ends some of them. */
export const oldCheckoutsSchema = z.looseObject({ source: z.string(), ...commonOldCheckouts });

const reap = z.strictObject({
  everyMinutes: z.int().min(1).max(1440).default(15).describe('Interval of the search for left-over requests.'),
  alarmAfterMinutes: z.int().min(1).max(1440).default(60).describe('Age at which a left-over request raises an alarm.'),
});

const alerts = z.strictObject({
  emails: z
    .array(z.email({ error: wrongFormat('use an e-mail address') }))
    .meta({ examples: [['security@example.com']] })
    .default([])
    .describe('Addresses that receive an invitation to subscribe to the alerts.'),
});

/** Entry schemas of the sections with named entries. */
interface EntrySchemas {
  readonly connections: z.ZodType<z.output<typeof connectionSchema>>;
  readonly stores: z.ZodType<z.output<typeof storeSchema>>;
  readonly syncs: z.ZodType<z.output<typeof syncSchema>>;
  readonly checkouts: z.ZodType<z.output<typeof checkoutSchema>>;
  readonly rotations: z.ZodType<z.output<typeof rotationSchema>>;
  readonly oldCheckouts: z.ZodType<z.output<typeof oldCheckoutsSchema>>;
  readonly provisioning: z.ZodType<z.output<typeof blueprintSchema>>;
}

/**
 * Builds the shape of relay.yaml around the schemas of its entries. Descriptions become part of the published JSON
 * schema.
 */
export const configSchemaAround = (entries: EntrySchemas) =>
  z.strictObject({
    relay: name
      .default('pam-relay')
      .describe("Name of this relay: part of its stack name, its owner tags and every request's reason."),
    connections: z.record(name, entries.connections).describe('Vaults to read from, each under a name of your choice.'),
    stores: z
      .record(name, entries.stores)
      .default({})
      .describe('Stores to deliver credentials to, each under a name of your choice.'),
    syncs: z
      .record(name, entries.syncs)
      .default({})
      .describe('Rules for scheduled deliveries from a connection to a store, each under a name of your choice.'),
    checkouts: z
      .record(name, entries.checkouts)
      .default({})
      .describe(
        'Rules for time-limited checkouts on request, from a connection to a store, each under a name of your choice.',
      ),
    rotations: z
      .record(name, entries.rotations)
      .default({})
      .describe(
        'Rules for changes of credentials in the vault, in waves, each under a name of your choice. The syncs deliver what has changed.',
      ),
    oldCheckouts: z
      .record(name, entries.oldCheckouts)
      .default({})
      .describe('Rules for reports of old checkouts in a vault, of all its users, each under a name of your choice.'),
    exports: z
      .record(name, exportSchema)
      .default({})
      .describe('Rules for exports of audit events into the bucket of the relay, each under a name of your choice.'),
    provisioning: z
      .record(name, entries.provisioning)
      .default({})
      .describe('Blueprints of objects that messages provision, each under a name of your choice.'),
    directories: z
      .record(name, directorySchema)
      .default({})
      .describe('Rules for the declared people and groups of a directory, each under a name of your choice.'),
    webhooks: z
      .record(name, webhook)
      .default({})
      .describe('Routes for the webhooks of ticket systems, each under a name of your choice, which is its path.'),
    ticketSystems: z
      .record(name, ticketSystem)
      .default({})
      .describe(
        'Ticket systems that webhooks name for comments and for looks at open tickets, each under a name of your choice.',
      ),
    webhookDomain: webhookDomain
      .optional()
      .describe(
        'Domain of your own for the webhooks, which is then their only address. Default: the address of API Gateway.',
      ),
    intake: intake
      .optional()
      .describe(
        'The queue of messages. Without this section it also exists if there is an entry under checkouts or provisioning.',
      ),
    reap: reap.prefault({}).describe('Search for requests that a stopped run has left open.'),
    alerts: alerts.prefault({}).describe('Recipients of alarms and of notices about PARTIAL runs.'),
    logRetentionDays: z.literal([7, 14, 30, 90, 180, 365, 731]).default(90).describe('Days for which logs are kept.'),
    network: network
      .optional()
      .describe(
        'Network of the functions: your own subnets, or a new VPC with one outgoing address, which you can enter in the API registration. Without this section the functions run outside of any VPC.',
      ),
  });

export const relayConfigSchema = configSchemaAround({
  connections: connectionSchema,
  stores: storeSchema,
  syncs: syncSchema,
  checkouts: checkoutSchema,
  rotations: rotationSchema,
  oldCheckouts: oldCheckoutsSchema,
  provisioning: blueprintSchema,
});

/** A complete, checked relay.yaml with every default filled in. */
export type RelayConfig = z.infer<typeof relayConfigSchema>;
export type ConnectionConfig = RelayConfig['connections'][string];
export type StoreConfig = RelayConfig['stores'][string];
/** A sync. It is a `Source` of its vault. */
export type SyncConfig = RelayConfig['syncs'][string];
/** A rule for checkouts. It is a `Source` of its vault. */
export type CheckoutConfig = RelayConfig['checkouts'][string];
/** A rotation. It is a `Source` of its vault. */
export type RotationConfig = RelayConfig['rotations'][string];
/** A rule for old checkouts. It is a `Source` of its vault. */
export type OldCheckoutsConfig = RelayConfig['oldCheckouts'][string];
/** A rule that exports audit events. */
export type ExportConfig = RelayConfig['exports'][string];
/** A blueprint. */
export type BlueprintConfig = RelayConfig['provisioning'][string];
/** A rule for a directory. */
export type DirectoryConfig = RelayConfig['directories'][string];
/** A route for webhooks. */
export type WebhookConfig = RelayConfig['webhooks'][string];
/** A ticket system. */
export type TicketSystemConfig = RelayConfig['ticketSystems'][string];

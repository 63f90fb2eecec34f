import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { name, wrongFormat } from '#shared/config/schema/fields.ts';
import { intake } from '#shared/config/schema/intake.ts';
import { network } from '#shared/config/schema/network.ts';
import { commonSync, valueTemplate } from '#shared/config/schema/sync.ts';

/**
 * A relay.yaml as generic code reads it. Settings that only a type of connection or store knows are kept as they are:
 * `full-schema.ts` has checked them, and filled in every default, before this schema sees them.
 */

/** Always filled in: what is a good value when it is left out, the source knows. */
const value = valueTemplate;

export const connectionSchema = z.looseObject({ type: z.string(), ...commonConnection });
export const storeSchema = z.looseObject({ type: z.string() });
/** A rule that keeps a store in step with a vault. */
export const syncSchema = z.looseObject({ source: z.string(), ...commonSync, value });
/** A rule under which tickets and messages may open items for a while. */
export const checkoutSchema = z.looseObject({ source: z.string(), ...commonCheckout, value });

const reap = z.strictObject({
  everyMinutes: z.int().min(1).max(1440).default(15).describe('How often left-over requests are looked for.'),
  alarmAfterMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe('How old a left-over request may get before it raises an alarm.'),
});

const alerts = z.strictObject({
  emails: z
    .array(z.email({ error: wrongFormat('use an e-mail address') }))
    .default([])
    .describe('Addresses that are asked to subscribe to the alerts.'),
});

/** The schemas of the entries of each section, which the operator gives names. */
interface EntrySchemas {
  readonly connections: z.ZodType<z.output<typeof connectionSchema>>;
  readonly stores: z.ZodType<z.output<typeof storeSchema>>;
  readonly syncs: z.ZodType<z.output<typeof syncSchema>>;
  readonly checkouts: z.ZodType<z.output<typeof checkoutSchema>>;
}

/** The shape of a relay.yaml around the schemas of its entries. Every description ends up in the published JSON schema. */
export const configSchemaAround = (entries: EntrySchemas) =>
  z.strictObject({
    relay: name
      .default('pam-relay')
      .describe("Name of this relay: part of its stack name, its owner tags and every request's reason."),
    connections: z.record(name, entries.connections).describe('The vaults to read from, by a name of your choice.'),
    stores: z.record(name, entries.stores).describe('Where credentials are delivered, by a name of your choice.'),
    syncs: z
      .record(name, entries.syncs)
      .default({})
      .describe('What to deliver from which connection into which store, by a name of your choice.'),
    checkouts: z
      .record(name, entries.checkouts)
      .default({})
      .describe(
        'What messages may open for a while, from which connection into which store, by a name of your choice.',
      ),
    intake: intake
      .optional()
      .describe(
        'The queue of messages. It is there without this section, too, as soon as there is an entry under checkouts.',
      ),
    reap: reap.prefault({}).describe('The search for requests that a run which died has left behind.'),
    alerts: alerts.prefault({}).describe('Who is told about alarms and PARTIAL runs.'),
    logRetentionDays: z.literal([7, 14, 30, 90, 180, 365, 731]).default(90).describe('How long logs are kept.'),
    network: network
      .optional()
      .describe(
        'Where the functions run: in subnets of yours, or in a new VPC whose one outgoing address you can put into the API registration. Outside of any VPC when left out.',
      ),
  });

export const relayConfigSchema = configSchemaAround({
  connections: connectionSchema,
  stores: storeSchema,
  syncs: syncSchema,
  checkouts: checkoutSchema,
});

/** A whole relay.yaml, checked, with every default filled in. */
export type RelayConfig = z.infer<typeof relayConfigSchema>;
export type ConnectionConfig = RelayConfig['connections'][string];
export type StoreConfig = RelayConfig['stores'][string];
/** A sync. It is a `Source` of its vault. */
export type SyncConfig = RelayConfig['syncs'][string];
/** A rule for checkouts. It is a `Source` of its vault. */
export type CheckoutConfig = RelayConfig['checkouts'][string];

import * as z from 'zod';
import { checkout } from '#shared/config/schema/checkout.ts';
import { connection } from '#shared/config/schema/connection.ts';
import { name, wrongFormat } from '#shared/config/schema/fields.ts';
import { intake } from '#shared/config/schema/intake.ts';
import { network } from '#shared/config/schema/network.ts';
import { store } from '#shared/config/schema/store.ts';
import { sync } from '#shared/config/schema/sync.ts';

/**
 * The shape of `relay.yaml`. What one field can say about itself is checked here; what needs two fields to see (a sync
 * that names an unknown connection) is checked by the loader. Every description ends up in the published JSON schema.
 */

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

/** The sections whose entries have a name; each entry is a thing of its own, and can be checked without the rest. */
export const entrySchemas = { connections: connection, stores: store, syncs: sync, checkouts: checkout };

export const relayConfigSchema = z.strictObject({
  relay: name
    .default('pam-relay')
    .describe("Name of this relay: part of its stack name, its owner tags and every request's reason."),
  connections: z.record(name, connection).describe('The vaults to read from, by a name of your choice.'),
  stores: z.record(name, store).describe('Where credentials are delivered, by a name of your choice.'),
  syncs: z
    .record(name, sync)
    .default({})
    .describe('What to deliver from which connection into which store, by a name of your choice.'),
  checkouts: z
    .record(name, checkout)
    .default({})
    .describe('What messages may open for a while, from which connection into which store, by a name of your choice.'),
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

/** A whole relay.yaml, checked, with every default filled in. */
export type RelayConfig = z.infer<typeof relayConfigSchema>;
export type ConnectionConfig = RelayConfig['connections'][string];
export type StoreConfig = RelayConfig['stores'][string];
export type SyncConfig = RelayConfig['syncs'][string];
export type CheckoutConfig = RelayConfig['checkouts'][string];

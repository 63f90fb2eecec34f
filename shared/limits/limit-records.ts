import * as z from 'zod';
import type { Pace } from '#shared/domain/limits/pace.ts';
import { NO_SHARES, type Shares } from '#shared/domain/limits/shares.ts';
import { ERROR_NAMES } from '#shared/errors.ts';
import type { OpenBatchesRecord } from '#shared/limits/admission.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of the limits, shared by all functions of the stack.
 *
 *     limits/connections/<connection>/shares.json      shares of the connection's limits, and a wait for them
 *     limits/connections/<connection>/<priority>.json  last time at which a function of that priority waited
 *     limits/connections/<connection>/slots.json       functions that provision with the connection
 *     limits/connections/<connection>/token.json       function that renews the shared token
 *     limits/stores/<place>/<quota>.json               pace of the writes under one quota of a store
 *     limits/stores/<place>/open-batches.json          batches whose leases wait for the store
 */

/**
 * Order in which functions get a share of a connection. `person`: a checkout, for which someone waits. `open-leases`: a
 * batch that holds leases. `fleet`: everything else.
 */
export const PRIORITIES = ['person', 'open-leases', 'fleet'] as const;
export type Priority = (typeof PRIORITIES)[number];

const sharesSchema: z.ZodType<Shares> = z.object({
  shares: z.array(
    z.object({
      holder: z.string(),
      inFlight: z.int(),
      perSecond: z.int(),
      untilMs: z.number(),
      // Earlier versions wrote none. Functions of both versions run during a deployment.
      inherited: z.array(z.number()).default([]),
    }),
  ),
  ended: z.array(z.number()),
  pausedUntilMs: z.number().optional(),
});

const waitingSchema = z.object({ atMs: z.number() });

const slotsSchema = z.object({ slots: z.array(z.object({ id: z.string(), untilMs: z.number() })) });

const renewalSchema = z.object({
  holder: z.string(),
  /** Epoch milliseconds until which the holder renews; 0 once it has ended. */
  untilMs: z.number(),
  /** Latest refusal of a renewal, or failure of one that may have made a token. */
  refused: z
    .object({ version: z.string(), name: z.enum(ERROR_NAMES), message: z.string(), atMs: z.number() })
    .optional(),
});
export type RenewalRecord = Readonly<z.infer<typeof renewalSchema>>;

const paceSchema: z.ZodType<Pace> = z.object({ nextAtMs: z.number(), slowUntilMs: z.number().optional() });

const openBatchesSchema: z.ZodType<OpenBatchesRecord> = z.object({
  batches: z.array(
    z.object({
      id: z.string(),
      writes: z.number(),
      // Earlier versions recorded only open batches, without their order.
      state: z.enum(['waiting', 'open']).default('open'),
      sinceMs: z.number().default(0),
      untilMs: z.number(),
    }),
  ),
});

/** An unreadable record is replaced, because it must not keep leases open. Limits can be exceeded once. */
const place = <T>(key: string, schema: z.ZodType<T>, ifUnreadable: T): RecordPlace<T> => ({
  key: `limits/${key}.json`,
  schema,
  ifUnreadable,
});

/** Places of the records. */
export const limitAt = {
  shares: (connection: string) => place(`connections/${connection}/shares`, sharesSchema, NO_SHARES),
  waiting: (connection: string, priority: Priority) =>
    place(`connections/${connection}/${priority}`, waitingSchema, { atMs: 0 }),
  slots: (connection: string) => place(`connections/${connection}/slots`, slotsSchema, { slots: [] }),
  renewal: (connection: string) => place(`connections/${connection}/token`, renewalSchema, { holder: '', untilMs: 0 }),
  pace: (store: string, quota: string) => place(`stores/${store}/${quota}`, paceSchema, { nextAtMs: 0 }),
  openBatches: (store: string) => place(`stores/${store}/open-batches`, openBatchesSchema, { batches: [] }),
} as const;

import * as z from 'zod';
import { itemSchema } from '#shared/domain/item.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { OLD_CHECKOUTS_STATUSES, type OldCheckoutsOrder } from '#shared/workflows/old-checkouts.ts';

/**
 * Records of the rules for old checkouts, in the records bucket. None of them contains a credential.
 *
 *     old-checkouts/<rule>/state.json          what is being ended, and what people were told
 *     old-checkouts/<rule>/<run>/report.json   result
 *     old-checkouts/<rule>/<run>/report.html   the same result as an HTML page
 */

/** Result of the request for a rotation after a checkout was ended. */
const rotationSchema = z.object({ outcome: z.enum(['asked', 'refused', 'unclear']), reason: z.string().optional() });
export type RotationAfter = z.infer<typeof rotationSchema>;

/** A checkout that is being ended. Written before the vault is asked, and removed once people were told. */
const endingSchema = z.object({
  item: itemSchema.pick({ ref: true, title: true, labels: true, handle: true }),
  /** Start of the checkout, UTC ISO 8601. */
  since: z.string(),
  holder: z.string().optional(),
  /** Run that asked the vault. */
  run: z.string(),
  /** True once the vault has ended it. */
  ended: z.boolean(),
  /** Absent until it is known, and if the rule does not ask for one. */
  rotation: rotationSchema.optional(),
});
export type Ending = z.infer<typeof endingSchema>;

const stateSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  /** Invocation that works on the rule, until a time in epoch milliseconds. */
  active: z.object({ id: z.string(), until: z.int() }).optional(),
  /** By the key of the item. */
  endings: z.record(z.string(), endingSchema),
  /** Starts of checkouts that could not be ended and of which people were told, by the key of the item. */
  told: z.record(z.string(), z.string()),
});
export type OldCheckoutsState = z.infer<typeof stateSchema>;

/**
 * Outcomes of the checkouts and items in a report. `forced`: ended by the relay. `failed`: the vault did not end it.
 * `unclear`: it may have ended. `over`: its holder ended it during the run. `open`: left alone. `unknown`: the vault
 * does not show whether a checkout is open.
 */
export const OLD_CHECKOUT_OUTCOMES = ['forced', 'failed', 'unclear', 'over', 'open', 'unknown'] as const;

const rowSchema = z.object({
  title: z.string(),
  outcome: z.enum(OLD_CHECKOUT_OUTCOMES),
  /** Cause of the outcome. */
  reason: z.string(),
  group: z.string().optional(),
  since: z.string().optional(),
  /** Whole hours. Absent if the age is not known. */
  hours: z.int().min(0).optional(),
  holder: z.string().optional(),
  rotation: rotationSchema.optional(),
});
export type OldCheckoutRow = z.infer<typeof rowSchema>;

const reportSchema = z.object({
  rule: z.string(),
  run: z.string(),
  status: z.enum(OLD_CHECKOUTS_STATUSES),
  finishedAt: z.string(),
  connection: z.string(),
  olderThanHours: z.int(),
  /** Each checkout and each unknown item once. */
  checkouts: z.array(rowSchema),
});
export type OldCheckoutsReport = z.infer<typeof reportSchema>;

const prefixOf = ({ rule, run }: OldCheckoutsOrder): string => `old-checkouts/${rule}/${run}`;

/** Key and schema of each record. */
export const oldCheckoutsAt = {
  state: (rule: string): RecordPlace<OldCheckoutsState> => ({
    key: `old-checkouts/${rule}/state.json`,
    schema: stateSchema,
  }),
  report: (run: OldCheckoutsOrder): RecordPlace<OldCheckoutsReport> => ({
    key: `${prefixOf(run)}/report.json`,
    schema: reportSchema,
  }),
  page: (run: OldCheckoutsOrder): string => `${prefixOf(run)}/report.html`,
} as const;

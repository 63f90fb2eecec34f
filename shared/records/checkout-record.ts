import * as z from 'zod';
import { checkoutSchema } from '#shared/config/schema.ts';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { itemSchema } from '#shared/domain/item.ts';
import { checkoutOrderSchema } from '#shared/messages/messages.ts';
import { noteAt } from '#shared/records/notes.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { CHECKOUT_STATUSES } from '#shared/workflows/checkout.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';

/**
 * What a checkout writes down: JSON objects in the records bucket, beside the notes that others leave for it. None of
 * them holds a credential.
 *
 *     checkouts/<rule>/<run>/checkout.json   what it is about                        (plan)
 *     checkouts/<rule>/<run>/report.json     how it ended                            (report)
 *     open/<rule>/<run>                      empty; there until everything is closed (plan, report)
 */

const checkoutRecordSchema = runSchema.extend({
  /** As it is in relay.yaml when the checkout begins: a deployment in the middle changes nothing for it. */
  settings: checkoutSchema,
  order: checkoutOrderSchema,
  /** Of its execution: names of executions are free again before the record is forgotten. */
  startedAt: z.iso.datetime(),
  plannedAt: z.iso.datetime(),
  items: z.array(z.object({ item: itemSchema, secretName: z.string() })),
});
export type CheckoutRecord = z.infer<typeof checkoutRecordSchema>;

const checkoutReportSchema = runSchema.extend({
  status: z.enum(CHECKOUT_STATUSES),
  /** As its sender calls it, and who that was; unknown where it died before anything was written down. */
  id: z.string().optional(),
  principal: principalSchema.optional(),
  finishedAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
  /** Titles. */
  items: z.array(z.string()),
  ticket: z.string().optional(),
  reason: z.string(),
  /** One line each on what is not as it should be. */
  notes: z.array(z.string()),
});
export type CheckoutReport = z.infer<typeof checkoutReportSchema>;

const OPEN = 'open/';

type RunPlace = Pick<Run, 'rule' | 'run'>;

export const checkoutAt = {
  record: ({ rule, run }: RunPlace): RecordPlace<CheckoutRecord> => ({
    key: `${noteAt.prefix({ rule, run })}checkout.json`,
    schema: checkoutRecordSchema,
  }),
  report: ({ rule, run }: RunPlace): RecordPlace<CheckoutReport> => ({
    key: noteAt.report({ rule, run }),
    schema: checkoutReportSchema,
  }),
  /** The key that is there for as long as something of the checkout may be open. */
  open: ({ rule, run }: RunPlace): string => `${OPEN}${rule}/${run}`,
  allOpen: OPEN,
} as const;

/** The checkout that a key under {@link checkoutAt.allOpen} stands for; undefined for any other key. */
export const readOpenKey = (key: string): Run | undefined => {
  const [, rule, run] = /^open\/([a-z][a-z0-9-]*)\/([\w.-]+)$/.exec(key) ?? [];
  return rule === undefined || run === undefined ? undefined : { workflow: 'checkout', rule, run };
};

import * as z from 'zod';
import { checkoutSchema } from '#shared/config/schema.ts';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { itemSchema } from '#shared/domain/item.ts';
import { checkoutOrderSchema } from '#shared/messages/messages.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { signalAt } from '#shared/records/signals.ts';
import { CHECKOUT_STATUSES } from '#shared/workflows/checkout.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';

/**
 * Records of a checkout: JSON objects in the records bucket, beside its signals. None of them contains a credential.
 *
 *     checkouts/<rule>/<run>/checkout.json   order, settings, items and targets     (plan)
 *     checkouts/<rule>/<run>/report.json     result                                 (report)
 *     open/<rule>/<run>                      empty; exists until everything is closed (plan, report)
 */

/** One secret in one store. */
const targetSchema = z.object({
  /** Name of the store in relay.yaml. */
  store: z.string(),
  /** Name of the secret. */
  name: z.string(),
  /** Place of the store at the start of the checkout; absent in a record of an earlier version. */
  place: z.string().optional(),
});
export type CheckoutTarget = z.infer<typeof targetSchema>;

const checkoutRecordSchema = runSchema.extend({
  /** Settings in relay.yaml at the start of the checkout. A later deployment does not change them. */
  settings: checkoutSchema,
  order: checkoutOrderSchema,
  /** Start of its execution, because execution names can be reused before the record expires. */
  startedAt: z.iso.datetime(),
  plannedAt: z.iso.datetime(),
  items: z.array(z.object({ item: itemSchema, targets: z.array(targetSchema).min(1) })),
});
export type CheckoutRecord = z.infer<typeof checkoutRecordSchema>;

const MINUTE_MS = 60_000;

/** Longest extension of a checkout in milliseconds. */
export const maxExtensionOf = ({ settings }: CheckoutRecord): number => settings.extensionMinutes * MINUTE_MS;

/** Shape in which earlier versions recorded the only store of a rule. Such a checkout can run for months. */
const earlierRecordSchema = z.looseObject({
  settings: z.looseObject({ store: z.string() }),
  items: z.array(z.object({ item: z.unknown(), secretName: z.string() })),
});

const fromEarlier = (record: unknown): unknown => {
  const { data } = earlierRecordSchema.safeParse(record);
  if (data === undefined) return record;
  const { store } = data.settings;
  return {
    ...data,
    settings: { ...data.settings, stores: [store] },
    items: data.items.map(({ item, secretName }) => ({ item, targets: [{ store, name: secretName }] })),
  };
};

const checkoutReportSchema = runSchema.extend({
  status: z.enum(CHECKOUT_STATUSES),
  /** Id and principal of its sender; absent if the checkout failed before its record was written. */
  id: z.string().optional(),
  principal: principalSchema.optional(),
  finishedAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
  /** Titles. */
  items: z.array(z.string()),
  /** Names of its stores. */
  stores: z.array(z.string()).default([]),
  ticket: z.string().optional(),
  reason: z.string(),
  /** Findings, one line each. */
  notes: z.array(z.string()),
});
export type CheckoutReport = z.infer<typeof checkoutReportSchema>;

const OPEN = 'open/';

type RunPlace = Pick<Run, 'rule' | 'run'>;

export const checkoutAt = {
  record: ({ rule, run }: RunPlace): RecordPlace<CheckoutRecord> => ({
    key: `${signalAt.prefix({ rule, run })}checkout.json`,
    schema: z.preprocess(fromEarlier, checkoutRecordSchema),
  }),
  report: ({ rule, run }: RunPlace): RecordPlace<CheckoutReport> => ({
    key: signalAt.report({ rule, run }),
    schema: checkoutReportSchema,
  }),
  /** Key of an object that exists as long as something of the checkout can be open. */
  open: ({ rule, run }: RunPlace): string => `${OPEN}${rule}/${run}`,
  allOpen: OPEN,
} as const;

/** Parses a key under {@link checkoutAt.allOpen} into its checkout; undefined for any other key. */
export const readOpenKey = (key: string): Run | undefined => {
  const [, rule, run] = /^open\/([a-z][a-z0-9-]*)\/([\w.-]+)$/.exec(key) ?? [];
  return rule === undefined || run === undefined ? undefined : { workflow: 'checkout', rule, run };
};

import * as z from 'zod';
import { CHECKOUT_STATUSES } from '#shared/checkout-workflow.ts';
import { checkout } from '#shared/config/schema/checkout.ts';
import { checkoutOrderSchema } from '#shared/messages.ts';
import { accountSchema } from '#shared/records/records.ts';

/**
 * What a checkout writes down: JSON objects in the records bucket, beside the notes that others leave for it. None of
 * them holds a credential.
 *
 *     checkouts/<rule>/<run>/checkout.json   what it is about                        (plan)
 *     checkouts/<rule>/<run>/report.json     how it ended                            (report)
 *     open/<rule>/<run>                      empty; there until everything is closed (plan, report)
 */

const checkoutRecordSchema = z.object({
  run: z.string(),
  /** The rule as it was when the checkout began: a deployment in the middle changes nothing for it. */
  rule: checkout,
  order: checkoutOrderSchema,
  plannedAt: z.iso.datetime(),
  items: z.array(z.object({ account: accountSchema, secretName: z.string() })),
});
export type CheckoutRecord = z.infer<typeof checkoutRecordSchema>;

const checkoutReportSchema = z.object({
  checkout: z.string(),
  run: z.string(),
  status: z.enum(CHECKOUT_STATUSES),
  finishedAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
  accounts: z.array(z.string()),
  ticket: z.string().optional(),
  reason: z.string(),
  /** One line each on what is not as it should be. */
  notes: z.array(z.string()),
});
export type CheckoutReport = z.infer<typeof checkoutReportSchema>;

const OPEN = 'open/';

export const checkoutAt = {
  record: (rule: string, run: string) => ({
    key: `checkouts/${rule}/${run}/checkout.json`,
    schema: checkoutRecordSchema,
  }),
  report: (rule: string, run: string) => ({
    key: `checkouts/${rule}/${run}/report.json`,
    schema: checkoutReportSchema,
  }),
  /** The key that is there for as long as something of the checkout may be open. */
  open: (rule: string, run: string): string => `${OPEN}${rule}/${run}`,
  allOpen: OPEN,
} as const;

/** The checkout that a key under {@link checkoutAt.allOpen} stands for; undefined for any other key. */
export const readOpenKey = (key: string): { checkout: string; run: string } | undefined => {
  const [, checkout, run] = /^open\/([a-z][a-z0-9-]*)\/([\w.-]+)$/.exec(key) ?? [];
  return checkout === undefined || run === undefined ? undefined : { checkout, run };
};

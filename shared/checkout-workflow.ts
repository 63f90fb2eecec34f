import * as z from 'zod';
import { ENDINGS, MOVES } from '#shared/domain/next-move.ts';
import { checkoutOrderSchema } from '#shared/messages.ts';
import { authenticatedSchema, caughtSchema } from '#shared/workflow.ts';

/**
 * The baton of the checkout workflow: what enters it and what each step adds. What a checkout is about lies in its record
 * (`checkoutAt.record`), written once by `plan`, so that a deployment in the middle changes nothing for it.
 */

/** Who works on it: the checkout itself, a release that somebody asked for, or one of a checkout that has died. */
const WORKERS = ['checkout.requested', 'checkout.released', 'checkout.abandoned'] as const;

/** Which checkout this is: `run` is its execution's name. A release knows no more of it. */
const checkoutRunSchema = z.object({
  run: z.string(),
  order: z.object({
    type: z.enum(WORKERS),
    checkout: z.string(),
    id: z.string(),
    /** False for an abandoned one of which a function may still be at work, so that it has to be closed once more. */
    isSettled: z.boolean().optional(),
  }),
});
export type CheckoutRun = z.infer<typeof checkoutRunSchema>;

const instant = z.iso.datetime();

/** Our view of an open request of this checkout; `item` is the account's position in the record. */
const checkoutLeaseSchema = z.object({
  item: z.int().min(0),
  requestId: z.int(),
  status: z.enum(['pending', 'active']),
  /** When the vault itself ends it. */
  expiresAt: instant.optional(),
});
export type CheckoutLease = z.infer<typeof checkoutLeaseSchema>;

/** `conflict`: somebody has a request for one of the accounts, so that ours have to wait. */
const requestedSchema = z.object({ at: instant, conflict: z.boolean(), leases: z.array(checkoutLeaseSchema) });
export type Requested = z.infer<typeof requestedSchema>;

/** `gone`: a request ended while it was being read, maybe after others were `delivered`. */
const retrievedSchema = z.object({ at: instant, delivered: z.int(), gone: z.boolean() });
export type Retrieved = z.infer<typeof retrievedSchema>;

const checkedInSchema = z.object({ at: instant, givenBack: z.int() });
export type CheckedIn = z.infer<typeof checkedInSchema>;

const retiredSchema = z.object({ retired: z.int() });

const watchedSchema = z.object({
  next: z.enum(MOVES),
  waitSeconds: z.int().min(0),
  ending: z.enum(ENDINGS).optional(),
  unconfirmed: z.boolean().optional(),
});
export type Watched = z.infer<typeof watchedSchema>;

const progress = {
  requested: requestedSchema.optional(),
  retrieved: retrievedSchema.optional(),
  checkedIn: checkedInSchema.optional(),
  retired: retiredSchema.optional(),
  watched: watchedSchema.optional(),
  /** What it was given up for. */
  error: caughtSchema.optional(),
};
const courseSchema = checkoutRunSchema.extend(progress);
export type CourseInput = z.infer<typeof courseSchema>;

/** `abandoned`: its execution died, or was stopped, and `reap` had it closed; nobody knows how far it had come. */
export const CHECKOUT_STATUSES = [...ENDINGS, 'failed', 'abandoned'] as const;

/** Input and output of every step of the checkout workflow, and of the release workflow, which is its end. */
export const checkoutSteps = {
  authenticate: { input: checkoutRunSchema, output: authenticatedSchema },
  plan: {
    input: z.object({ run: z.string(), order: checkoutOrderSchema }),
    output: z.object({ accounts: z.int() }),
  },
  watch: { input: courseSchema, output: watchedSchema },
  request: { input: courseSchema, output: requestedSchema },
  retrieve: { input: courseSchema, output: retrievedSchema },
  checkin: { input: courseSchema, output: checkedInSchema },
  retire: { input: checkoutRunSchema, output: retiredSchema },
  report: {
    input: courseSchema,
    output: z.object({ status: z.enum(CHECKOUT_STATUSES), notes: z.array(z.string()) }),
  },
} as const;

export type CheckoutReported = z.infer<typeof checkoutSteps.report.output>;

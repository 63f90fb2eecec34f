import * as z from 'zod';
import { ENDINGS, MOVES } from '#shared/domain/checkout/next-move.ts';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { checkoutOrderSchema } from '#shared/messages/messages.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * The checkout workflow, and the release workflow, which is its end: what enters them and what each step adds. What a
 * checkout is about lies in its record (`checkoutAt.record`), written once by `plan`, so that a deployment in the middle
 * changes nothing for it.
 */

/** Who works on it: the checkout itself, a release that somebody asked for, or one of a checkout that has died. */
const WORKERS = ['checkout.requested', 'checkout.released', 'checkout.abandoned'] as const;

/** A release knows no more of a checkout than this. */
const checkoutRunSchema = runSchema.extend({
  order: z.object({
    type: z.enum(WORKERS),
    /** Of the checkout as its sender calls it, and whoever asks for this; `reap` knows neither. */
    id: z.string().optional(),
    principal: principalSchema.optional(),
    /** False for an abandoned one of which a function may still be at work, so that it has to be closed once more. */
    isSettled: z.boolean().optional(),
  }),
});
export type CheckoutRun = z.infer<typeof checkoutRunSchema>;

const instant = z.iso.datetime();

/** A lease of this checkout; `item` is the position in the record. */
const checkoutLeaseSchema = z.object({
  item: z.int().min(0),
  id: z.string(),
  status: z.enum(['pending', 'active']),
  /** When the vault itself ends it. */
  endsAt: instant.optional(),
});
export type CheckoutLease = z.infer<typeof checkoutLeaseSchema>;

/** `conflict`: somebody holds a lease for one of the items, so that ours have to wait. */
const requestedSchema = z.object({ at: instant, conflict: z.boolean(), leases: z.array(checkoutLeaseSchema) });
export type Requested = z.infer<typeof requestedSchema>;

/** `gone`: a lease ended while it was being read, maybe after others were `delivered`. `late`: the window did. */
const retrievedSchema = z.object({
  at: instant,
  delivered: z.int(),
  gone: z.boolean(),
  late: z.boolean().optional(),
});
export type Retrieved = z.infer<typeof retrievedSchema>;

const checkedInSchema = z.object({ at: instant, closed: z.int() });
export type CheckedIn = z.infer<typeof checkedInSchema>;

/** `at`: when it began to be retired, and from when on nothing more is delivered. */
const retiredSchema = z.object({ retired: z.int(), at: instant.optional() });

export type Retired = z.infer<typeof retiredSchema>;

const watchedSchema = z.object({
  next: z.enum(MOVES),
  waitSeconds: z.int().min(0),
  ending: z.enum(ENDINGS).optional(),
  unconfirmed: z.boolean().optional(),
});

const courseSchema = checkoutRunSchema.extend({
  requested: requestedSchema.optional(),
  retrieved: retrievedSchema.optional(),
  checkedIn: checkedInSchema.optional(),
  retired: retiredSchema.optional(),
  watched: watchedSchema.optional(),
  /** What it was given up for, or why its leases could not be given back. */
  error: caughtSchema.optional(),
  /** Why what it delivered could not be taken back. */
  retireError: caughtSchema.optional(),
});
export type CourseInput = z.infer<typeof courseSchema>;

/** `abandoned`: its execution died, or was stopped, and `reap` had it closed; nobody knows how far it had come. */
export const CHECKOUT_STATUSES = [...ENDINGS, 'failed', 'abandoned'] as const;

const plan = {
  folder: 'checkout/plan',
  /** `startedAt`: when the execution began, which a redriven one keeps. */
  input: runSchema.extend({ order: checkoutOrderSchema, startedAt: instant }),
  output: z.object({ items: z.int() }),
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'open' },
  ],
} as const satisfies Step;

const watch = {
  folder: 'checkout/watch',
  input: courseSchema,
  output: watchedSchema,
  seconds: 120,
  memoryMb: 512,
  grants: () => [{ to: 'sign-in' }, { to: 'records', may: 'read', folder: 'checkouts' }],
} as const satisfies Step;

const request = {
  folder: 'checkout/request',
  input: courseSchema,
  output: requestedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [{ to: 'sign-in' }, { to: 'records', may: 'read', folder: 'checkouts' }],
} as const satisfies Step;

const retrieve = {
  folder: 'checkout/retrieve',
  input: courseSchema,
  output: retrievedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'stores', may: 'deliver', of: 'checkouts' },
  ],
} as const satisfies Step;

const checkin = {
  folder: 'checkout/checkin',
  input: courseSchema,
  output: checkedInSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [{ to: 'sign-in' }, { to: 'records', may: 'read', folder: 'checkouts' }],
} as const satisfies Step;

/** Sees no value: it may delete the secrets of checkouts, and read none. */
const retire = {
  folder: 'checkout/retire',
  input: checkoutRunSchema,
  output: retiredSchema,
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'stores', may: 'retire', of: 'checkouts' },
  ],
} as const satisfies Step;

const report = {
  folder: 'checkout/report',
  input: courseSchema,
  output: z.object({ status: z.enum(CHECKOUT_STATUSES), notes: z.array(z.string()) }),
  seconds: 300,
  memoryMb: 512,
  grants: () => [
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'records', may: 'remove', folder: 'open' },
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

export const checkoutSteps = { plan, watch, request, retrieve, checkin, retire, report };

export const checkoutWorkflow: WorkflowSteps = {
  steps: Object.values(checkoutSteps),
  isUsed: ({ checkouts }) => Object.keys(checkouts).length > 0,
};

export type CheckoutReported = z.infer<typeof report.output>;

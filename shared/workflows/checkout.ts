import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import { ACTIONS, ENDINGS } from '#shared/domain/checkout/next-action.ts';
import { principalSchema } from '#shared/domain/checkout/principal.ts';
import { checkoutOrderSchema } from '#shared/messages/messages.ts';
import { claimGrants, type Grant } from '#shared/workflows/grants.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';
import { tellGrants } from '#shared/workflows/tickets.ts';

/**
 * Inputs and outputs of the checkout workflow, and of the release workflow, which consists of its last steps. The
 * order, the settings and the items of a checkout are in its record (`checkoutAt.record`), which `plan` writes once, so
 * a later deployment does not change them.
 */

/** Orders: the checkout itself, a release by a message, another end, or the release of an abandoned checkout. */
const WORKERS = ['checkout.requested', 'checkout.released', 'checkout.shortened', 'checkout.abandoned'] as const;

/** All data that a release has about a checkout. */
const checkoutRunSchema = runSchema.extend({
  order: z.object({
    type: z.enum(WORKERS),
    /** Id of the checkout and sender of this order. A release started by `reap` has neither. */
    id: z.string().optional(),
    principal: principalSchema.optional(),
    /** End that a `checkout.shortened` message has set. */
    until: z.iso.datetime({ offset: true }).optional(),
    /** False if a function of an abandoned checkout can still be running, so that it has to be closed once more. */
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
  /** Time at which the vault ends the lease. */
  endsAt: instant.optional(),
});
export type CheckoutLease = z.infer<typeof checkoutLeaseSchema>;

/** `conflict`: another lease exists for one of the items, so this checkout has to wait. */
const requestedSchema = z.object({ at: instant, conflict: z.boolean(), leases: z.array(checkoutLeaseSchema) });
export type Requested = z.infer<typeof requestedSchema>;

/** `requested`: attempt to open the leases at once. Absent if the window begins later, or if its outcome is unknown. */
const plannedSchema = z.object({ items: z.int(), requested: requestedSchema.optional() });
export type Planned = z.infer<typeof plannedSchema>;

/** Maximum number of undelivered targets that a checkout remembers. */
export const MAX_UNDELIVERED = 20;

/** Failed targets of items that reached another of their stores. */
const undeliveredSchema = z.object({
  count: z.int().min(1),
  /** The first of them: position of the item in the record, store, and name and message of the error. */
  first: z.array(z.object({ item: z.int().min(0), store: z.string(), error: z.string() })).max(MAX_UNDELIVERED),
});

/**
 * `delivered`: number of targets. `gone`: a lease ended while its item was read, possibly after others were delivered.
 * `late`: the window ended. `conflict`: another user has an item, so nothing was delivered, and the checkout waits.
 */
const retrievedSchema = z.object({
  at: instant,
  delivered: z.int(),
  gone: z.boolean(),
  late: z.boolean().optional(),
  conflict: z.boolean().optional(),
  undelivered: undeliveredSchema.optional(),
  /** Sentences for the report about something beside the values. */
  warnings: z.array(z.string()).optional(),
});
export type Retrieved = z.infer<typeof retrievedSchema>;

const checkedInSchema = z.object({ at: instant, closed: z.int() });
export type CheckedIn = z.infer<typeof checkedInSchema>;

/** `at`: start of the retirement. Nothing is delivered after it. */
const retiredSchema = z.object({ retired: z.int(), at: instant.optional() });

export type Retired = z.infer<typeof retiredSchema>;

const watchedSchema = z.object({
  next: z.enum(ACTIONS),
  waitSeconds: z.int().min(0),
  ending: z.enum(ENDINGS).optional(),
  confirmed: z.boolean().optional(),
  unconfirmed: z.boolean().optional(),
});

const checkoutStateSchema = checkoutRunSchema
  .extend({
    planned: plannedSchema.partial().optional(),
    requested: requestedSchema.optional(),
    retrieved: retrievedSchema.optional(),
    checkedIn: checkedInSchema.optional(),
    retired: retiredSchema.optional(),
    watched: watchedSchema.optional(),
    /** Error that ended the checkout, or that prevented the check-in of its leases. */
    error: caughtSchema.optional(),
    /** Error that prevented the retirement of its secrets. */
    retireError: caughtSchema.optional(),
  })
  // A later attempt to open the leases replaces that of the plan.
  .transform(({ planned, requested = planned?.requested, ...state }) => ({
    ...state,
    ...(requested && { requested }),
  }));
export type CheckoutStepInput = z.infer<typeof checkoutStateSchema>;

/** `abandoned`: its execution failed or was stopped, and `reap` closed the checkout. Its progress is unknown. */
export const CHECKOUT_STATUSES = [...ENDINGS, 'failed', 'abandoned'] as const;

/** A credential that a rotation is changing is not opened. */
const readHolds = ({ rotations }: Pick<RelayConfig, 'rotations'>): readonly Grant[] =>
  Object.keys(rotations).length > 0 ? [{ to: 'records', may: 'read', folder: 'holds' }] : [];

/** True if the end of a checkout can start a rotation. */
export const rotatesAfterwards = ({ checkouts }: Pick<RelayConfig, 'checkouts'>): boolean =>
  Object.values(checkouts).some(({ rotate }) => rotate !== undefined);

const startRotations = (config: Pick<RelayConfig, 'checkouts'>): readonly Grant[] =>
  rotatesAfterwards(config) ? [{ to: 'runs', may: 'start', of: 'rotate' }] : [];

const plan = {
  folder: 'checkout/plan',
  /** `startedAt`: start of the execution. A redrive keeps it. */
  input: runSchema.extend({ order: checkoutOrderSchema, startedAt: instant }),
  output: plannedSchema,
  seconds: 900,
  memoryMb: 512,
  priority: 'person',
  grants: (config) => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'open' },
    ...readHolds(config),
    { to: 'records', may: 'write', folder: 'ticketed' },
    ...claimGrants('claiming checkouts', 'open'),
  ],
} as const satisfies Step;

const watch = {
  folder: 'checkout/watch',
  input: checkoutStateSchema,
  output: watchedSchema,
  seconds: 120,
  memoryMb: 512,
  priority: 'person',
  grants: (config) => [{ to: 'sign-in' }, { to: 'records', may: 'read', folder: 'checkouts' }, ...tellGrants(config)],
} as const satisfies Step;

const request = {
  folder: 'checkout/request',
  input: checkoutStateSchema,
  output: requestedSchema,
  seconds: 900,
  memoryMb: 512,
  priority: 'person',
  grants: (config) => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    ...readHolds(config),
    ...claimGrants('claiming checkouts', 'open'),
  ],
} as const satisfies Step;

const retrieve = {
  folder: 'checkout/retrieve',
  input: checkoutStateSchema,
  output: retrievedSchema,
  seconds: 900,
  memoryMb: 512,
  priority: 'person',
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'stores', may: 'deliver', of: 'checkouts' },
    ...claimGrants('claiming checkouts', 'open'),
  ],
} as const satisfies Step;

const checkin = {
  folder: 'checkout/checkin',
  input: checkoutStateSchema,
  output: checkedInSchema,
  seconds: 900,
  memoryMb: 512,
  priority: 'person',
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    ...claimGrants('claiming checkouts', 'close'),
  ],
} as const satisfies Step;

/** Has permission to delete the secrets of checkouts, but not to read their values. */
const retire = {
  folder: 'checkout/retire',
  input: checkoutRunSchema,
  output: retiredSchema,
  seconds: 120,
  memoryMb: 512,
  priority: 'person',
  grants: () => [
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'records', may: 'read', folder: 'limits' },
    { to: 'records', may: 'write', folder: 'limits' },
    { to: 'stores', may: 'retire', of: 'checkouts' },
  ],
} as const satisfies Step;

const report = {
  folder: 'checkout/report',
  input: checkoutStateSchema,
  output: z.object({ status: z.enum(CHECKOUT_STATUSES), notes: z.array(z.string()) }),
  seconds: 300,
  memoryMb: 512,
  grants: (config) => [
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'write', folder: 'checkouts' },
    { to: 'records', may: 'remove', folder: 'open' },
    { to: 'alerts', may: 'publish' },
    ...startRotations(config),
    ...tellGrants(config),
  ],
} as const satisfies Step;

export const checkoutSteps = { plan, watch, request, retrieve, retire, checkin, report };

export const checkoutWorkflow: WorkflowSteps = {
  steps: Object.values(checkoutSteps),
  isUsed: ({ checkouts }) => Object.keys(checkouts).length > 0,
};

export type CheckoutReported = z.infer<typeof report.output>;

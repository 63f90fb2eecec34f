import * as z from 'zod';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * Inputs and outputs of the rotation workflow. Nothing in its state grows with the number of items: the progress is in
 * the record of the run (`rotationAt.progress`).
 */

/** Wishes of a message that resumes a rotation. */
const resumeSchema = z.object({
  acceptFailures: z.boolean(),
  /** Addresses of the failed items to start again. */
  retry: z.array(z.record(z.string(), z.string())),
});
export type ResumeOrder = z.infer<typeof resumeSchema>;

/** Input of an execution. Without `items`, `systems`, `ticket` and `checkout`, all that the rule selects rotates. */
export const orderSchema = z.object({
  rule: z.string(),
  trigger: z.enum(['schedule', 'message', 'checkout']),
  /** Message that started the execution: its id, and the unique id of its sender. */
  requestedBy: z.object({ id: z.string(), sender: z.string() }).optional(),
  /** Continues the rotation of the rule that was stopped or failed, instead of a new one. */
  resume: resumeSchema.optional(),
  /** Continues this run of the rule, whose execution had too many events. `startedAt`: start of its first execution. */
  continues: z.object({ run: z.string(), startedAt: z.iso.datetime({ offset: true }) }).optional(),
  /** Addresses of items. */
  items: z.array(z.record(z.string(), z.string())).optional(),
  /** Patterns of systems. */
  systems: z.array(z.string()).optional(),
  /** Number of a ticket under which items were checked out. */
  ticket: z.string().optional(),
  /** Checkout that is over, and whose items rotate. Its mark as open can still exist. */
  checkout: runSchema.pick({ rule: true, run: true }).optional(),
  everything: z.literal(true).optional(),
  /** True to test the held items again, without a change. */
  retest: z.boolean().optional(),
});
export type RotationOrder = z.infer<typeof orderSchema>;

/**
 * Decisions of the plan. `busy`: another execution of the rule has not ended, and this one waits for it. `skipped`: the
 * same, for a scheduled one. `halted`: an earlier rotation has to be resumed before a schedule starts a new one.
 * `stopped`: a message has stopped the execution before it began. `nothing`: there is nothing to resume.
 */
const plannedSchema = z.object({
  status: z.enum(['planned', 'busy', 'skipped', 'halted', 'stopped', 'nothing']),
  items: z.int().min(0),
  /** Time to wait for the other execution. */
  waitSeconds: z.int().min(0).optional(),
});
export type RotationPlanned = z.infer<typeof plannedSchema>;

const advancedSchema = z.object({
  /** `continue`: the execution has too many events, and another one continues. */
  next: z.enum(['wait', 'deliver', 'report', 'continue']),
  waitSeconds: z.int().min(0),
  /** Number of invocations of Advance in the execution. */
  turn: z.int().min(0),
});
export type Advanced = z.infer<typeof advancedSchema>;

const rotateStateSchema = runSchema.extend({
  order: orderSchema,
  /** Start of the execution. */
  startedAt: z.iso.datetime({ offset: true }),
  planned: plannedSchema.optional(),
  advanced: advancedSchema.optional(),
  error: caughtSchema.optional(),
});
export type RotateStepInput = z.infer<typeof rotateStateSchema>;

const readAndWriteRotations = [
  { to: 'records', may: 'read', folder: 'rotations' },
  { to: 'records', may: 'write', folder: 'rotations' },
] as const;

const plan = {
  folder: 'rotate/plan',
  input: rotateStateSchema,
  output: plannedSchema,
  seconds: 900,
  memoryMb: 1024,
  grants: () => [
    { to: 'sign-in', of: 'ordering' },
    ...readAndWriteRotations,
    // What was checked out under a ticket.
    { to: 'records', may: 'read', folder: 'ticketed' },
    { to: 'records', may: 'read', folder: 'checkouts' },
    { to: 'records', may: 'read', folder: 'stops' },
    // Items to test again.
    { to: 'records', may: 'read', folder: 'holds' },
    // Another execution of the rule can have died.
    { to: 'runs', may: 'describe', of: 'rotate' },
  ],
} as const satisfies Step;

const advance = {
  folder: 'rotate/advance',
  input: rotateStateSchema,
  output: advancedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'rotating' },
    ...readAndWriteRotations,
    { to: 'records', may: 'read', folder: 'stops' },
    { to: 'records', may: 'read', folder: 'holds' },
    { to: 'records', may: 'write', folder: 'holds' },
    // The active accounts of pairs, and what syncs deliver of them.
    { to: 'records', may: 'read', folder: 'pairs' },
    { to: 'records', may: 'write', folder: 'pairs' },
    // Nothing rotates under an open checkout.
    { to: 'records', may: 'read', folder: 'checkouts' },
    // People learn of a failed test at once.
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

const deliver = {
  folder: 'rotate/deliver',
  input: rotateStateSchema,
  output: advancedSchema,
  seconds: 300,
  memoryMb: 512,
  grants: () => [
    ...readAndWriteRotations,
    { to: 'records', may: 'read', folder: 'holds' },
    { to: 'records', may: 'write', folder: 'holds' },
    { to: 'records', may: 'read', folder: 'pairs' },
    { to: 'records', may: 'write', folder: 'pairs' },
    { to: 'alerts', may: 'publish' },
    { to: 'records', may: 'write', folder: 'named' },
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'runs', may: 'start', of: 'sync' },
    { to: 'runs', may: 'describe', of: 'sync' },
  ],
} as const satisfies Step;

/** `CONTINUED`: another execution continues the rotation. */
export const ROTATION_STATUSES = ['SUCCEEDED', 'PARTIAL', 'STOPPED', 'CONTINUED', 'SKIPPED', 'FAILED'] as const;

const report = {
  folder: 'rotate/report',
  input: rotateStateSchema,
  output: z.object({
    status: z.enum(ROTATION_STATUSES),
    requested: z.int(),
    rotated: z.int(),
    failed: z.int(),
    unknown: z.int(),
  }),
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    ...readAndWriteRotations,
    { to: 'alerts', may: 'publish' },
    // Another execution continues one that has too many events.
    { to: 'runs', may: 'start', of: 'rotate' },
  ],
} as const satisfies Step;

export const rotateSteps = { plan, advance, deliver, report };

export const rotateWorkflow: WorkflowSteps = {
  steps: Object.values(rotateSteps),
  isUsed: ({ rotations }) => Object.keys(rotations).length > 0,
};

const age = {
  folder: 'rotate/age',
  /** Name of the entry under rotations. */
  input: z.object({ rotation: z.string() }),
  output: z.object({
    /** Age of the oldest credential; absent while it is not known. */
    oldestDays: z.number().min(0).optional(),
    /** Credentials that are older than `maxAgeDays`. */
    overdue: z.int().min(0),
    /** Credentials whose age is not known. */
    undated: z.int().min(0),
  }),
  seconds: 900,
  memoryMb: 1024,
  grants: () => [{ to: 'sign-in' }],
} as const satisfies Step;
export type AgeOrder = z.infer<typeof age.input>;
export type Ages = z.infer<typeof age.output>;

export const ageSteps = { age };

export const ageWorkflow: WorkflowSteps = {
  steps: Object.values(ageSteps),
  isUsed: ({ rotations }) => Object.values(rotations).some(({ maxAgeDays }) => maxAgeDays !== undefined),
};

export type RotationReported = z.infer<typeof report.output>;

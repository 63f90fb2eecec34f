import * as z from 'zod';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { ERROR_NAMES } from '#shared/errors.ts';
import { callsSchema, NO_CALLS } from '#shared/workflows/calls.ts';
import { claimGrants } from '#shared/workflows/grants.ts';
import { takesMessages } from '#shared/workflows/intake.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * Inputs and outputs of the sync workflow. Nothing in its state grows with the number of items: batches are in S3, only
 * their numbers are in the state, and a batch has at most 250 items.
 */

/** Input of an execution, from a schedule, a message or an operator. */
const orderSchema = z.object({
  sync: z.string(),
  mode: z.enum(['changes', 'verify']).default('changes'),
  scheduledAt: z.string().optional(),
  /** `named`: only the items that messages named for this run. */
  items: z.enum(['all', 'named']).default('all'),
  /** Seconds that the run waits before its first step. */
  waitSeconds: z.int().min(0).max(3600).optional(),
  /** Tries parked items again, after an operator has corrected the cause. */
  retryParked: z.boolean().default(false),
});

const syncRunSchema = runSchema.extend({ order: orderSchema });
export type SyncRun = z.infer<typeof syncRunSchema>;

/** Error of an outcome: a name from the closed list, and a message for the operator. */
const failureSchema = z.object({ name: z.enum(ERROR_NAMES), message: z.string() });

/** Outcome of one target of a batch; `item` and `target` are positions in the batch and in the item. */
export const settledSchema = z.object({
  item: z.int().min(0),
  target: z.int().min(0),
  outcome: z.enum(OUTCOME_NAMES),
  failure: failureSchema.optional(),
  /** Something beside the value that was not possible, as a sentence for the report. */
  warning: z.string().optional(),
});
export type Settled = z.infer<typeof settledSchema>;

/**
 * Outcome of one orphan of a batch; `orphan` is its position there. `gone`: it was deleted or taken over by someone
 * else; `kept`: the rule has changed since the plan.
 */
export const retirementSchema = z.object({
  orphan: z.int().min(0),
  outcome: z.enum(['retired', 'gone', 'kept', 'failed']),
  failure: failureSchema.optional(),
});
export type Retirement = z.infer<typeof retirementSchema>;

/** A lease that the run uses. `ours` is true if this run opened it; a run checks in only its own leases. */
const leaseSchema = z.object({
  item: z.int().min(0),
  id: z.string(),
  ours: z.boolean(),
  status: z.enum(['pending', 'active']),
});
export type BatchLease = z.infer<typeof leaseSchema>;

/** `batches` are batch numbers. `skipped`: an earlier run of the sync is still running. */
const plannedSchema = z.object({
  status: z.enum(['planned', 'skipped']),
  batches: z.array(z.int()),
  concurrency: z.int().min(1),
});
export type Planned = z.infer<typeof plannedSchema>;

const batchRunSchema = syncRunSchema.extend({ batch: z.int().min(0) });
export type BatchRun = z.infer<typeof batchRunSchema>;

const progressSchema = z.object({
  leases: z.array(leaseSchema),
  settled: z.array(settledSchema),
  /** Ends of releases that cannot be checked in: epoch milliseconds by the vault's clock, keyed by item position. */
  releaseEnds: z.record(z.string(), z.int()).default({}),
  retirements: z.array(retirementSchema).default([]),
  calls: callsSchema.default(NO_CALLS),
});
export type BatchProgress = z.infer<typeof progressSchema>;

/**
 * Output of a finished batch for `report`: its number, the name of the `error` that ended it, and of the error that
 * left its leases `open`. The messages are in the batch's record, because the state has no room for all of them.
 */
const batchEndSchema = z.object({ batch: z.int(), error: z.string().optional(), open: z.string().optional() });
export type BatchEnd = z.infer<typeof batchEndSchema>;

export const RUN_STATUSES = ['SUCCEEDED', 'PARTIAL', 'SKIPPED', 'FAILED'] as const;

const plan = {
  folder: 'sync/plan',
  input: syncRunSchema,
  output: plannedSchema,
  seconds: 900,
  // It compares two lists of up to a million rows.
  memoryMb: 2048,
  grants: (config) => [
    { to: 'sign-in' },
    { to: 'stores', may: 'list', of: 'syncs' },
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'records', may: 'read', folder: 'memory' },
    { to: 'records', may: 'read', folder: 'pairs', of: 'turns' },
    { to: 'records', may: 'write', folder: 'runs' },
    { to: 'records', may: 'write', folder: 'pairs', of: 'turns' },
    { to: 'runs', may: 'list', of: 'sync' },
    ...(Object.keys(config.rotations).length > 0 ? ([{ to: 'records', may: 'read', folder: 'holds' }] as const) : []),
    // For named items it looks up single secrets instead of listing all.
    ...(takesMessages(config)
      ? ([
          { to: 'records', may: 'read', folder: 'named' },
          { to: 'stores', may: 'inspect', of: 'syncs' },
        ] as const)
      : []),
  ],
} as const satisfies Step;

const request = {
  folder: 'sync/request',
  input: batchRunSchema,
  output: progressSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'stores', may: 'inspect', of: 'syncs' },
    // For a secret whose value is up to date, but not its replicas.
    { to: 'stores', may: 'complete', of: 'syncs' },
    ...claimGrants('claiming syncs', 'open'),
  ],
} as const satisfies Step;

const retrieve = {
  folder: 'sync/retrieve',
  input: batchRunSchema.extend({ requested: progressSchema }),
  output: progressSchema,
  seconds: 900,
  memoryMb: 512,
  priority: 'open-leases',
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'stores', may: 'deliver', of: 'syncs' },
    { to: 'stores', may: 'retire', of: 'syncs' },
    ...claimGrants('claiming syncs', 'open'),
  ],
} as const satisfies Step;

const checkin = {
  folder: 'sync/checkin',
  input: batchRunSchema.extend({
    requested: progressSchema.optional(),
    retrieved: progressSchema.optional(),
    error: caughtSchema.optional(),
  }),
  output: z.object({ closed: z.int() }),
  seconds: 900,
  memoryMb: 512,
  priority: 'open-leases',
  grants: () => [
    { to: 'sign-in' },
    // Results that an earlier attempt has written.
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'records', may: 'write', folder: 'runs' },
    ...claimGrants('claiming syncs', 'close'),
  ],
} as const satisfies Step;

const report = {
  folder: 'sync/report',
  input: syncRunSchema.extend({
    /** Start of the execution. AWS writes UTC; an emulator can write an offset. */
    startedAt: z.iso.datetime({ offset: true, local: true }).optional(),
    planned: plannedSchema.optional(),
    batchEnds: z.array(batchEndSchema).optional(),
    error: caughtSchema.optional(),
  }),
  output: z.object({
    status: z.enum(RUN_STATUSES),
    items: z.int(),
    delivered: z.int(),
    unchanged: z.int(),
    skipped: z.int(),
    failed: z.int(),
    retired: z.int(),
  }),
  seconds: 300,
  memoryMb: 1024,
  grants: () => [
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'records', may: 'read', folder: 'memory' },
    { to: 'records', may: 'read', folder: 'pairs', of: 'turns' },
    { to: 'records', may: 'write', folder: 'runs' },
    { to: 'records', may: 'write', folder: 'memory' },
    { to: 'records', may: 'write', folder: 'pairs', of: 'turns' },
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

export const syncSteps = { plan, request, retrieve, checkin, report };

export const syncWorkflow: WorkflowSteps = { steps: Object.values(syncSteps), isUsed: () => true };

export type ReportInput = z.infer<typeof report.input>;
export type ReportOutput = z.infer<typeof report.output>;

import * as z from 'zod';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { ERROR_NAMES } from '#shared/errors.ts';
import { takesMessages } from '#shared/workflows/intake.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * The sync workflow: what enters it and what each step adds. Nothing in it grows with the number of items: batches lie in
 * S3 and only their numbers travel, and a batch has at most 250 items.
 */

/** What somebody or a schedule asks for: the input of an execution. */
const orderSchema = z.object({
  sync: z.string(),
  mode: z.enum(['changes', 'verify']).default('changes'),
  scheduledAt: z.string().optional(),
  /** `named` looks only at the items that messages named for this run. */
  items: z.enum(['all', 'named']).default('all'),
  /** How long the run waits before it looks at anything. */
  waitSeconds: z.int().min(0).max(3600).optional(),
  /** Tries again what earlier runs had parked, after an operator changed what was wrong. */
  retryParked: z.boolean().default(false),
});

const syncRunSchema = runSchema.extend({ order: orderSchema });
export type SyncRun = z.infer<typeof syncRunSchema>;

/** An error as an outcome carries it: named from the closed list, with a message for the operator. */
const failureSchema = z.object({ name: z.enum(ERROR_NAMES), message: z.string() });

/** Outcome of one target of a batch; `item` and `target` are positions in the batch and in the item. */
export const settledSchema = z.object({
  item: z.int().min(0),
  target: z.int().min(0),
  outcome: z.enum(OUTCOME_NAMES),
  failure: failureSchema.optional(),
});
export type Settled = z.infer<typeof settledSchema>;

/**
 * Outcome of one orphan of a batch; `orphan` is its position there. `gone`: somebody else has taken it away, or over; `kept`: the
 * rule has changed since it was planned.
 */
export const retirementSchema = z.object({
  orphan: z.int().min(0),
  outcome: z.enum(['retired', 'gone', 'kept', 'failed']),
  failure: failureSchema.optional(),
});
export type Retirement = z.infer<typeof retirementSchema>;

/** A lease as this run knows it. `ours` is true when this run opened it, and only then does it close it. */
const leaseSchema = z.object({
  item: z.int().min(0),
  id: z.string(),
  ours: z.boolean(),
  status: z.enum(['pending', 'active']),
});
export type BatchLease = z.infer<typeof leaseSchema>;

/** `batches` are their numbers; `skipped` says that an earlier run of the sync is still running. */
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
  /** When releases that nobody can close end by themselves: epoch milliseconds by the vault's clock, by item. */
  releaseEnds: z.record(z.string(), z.int()).default({}),
  retirements: z.array(retirementSchema).default([]),
});
export type BatchProgress = z.infer<typeof progressSchema>;

/**
 * What a finished batch hands to `report`: its number, the name of the `error` that ended it, and of the one that left it
 * `open`. Their messages are in the batch's record: all of them would not fit into state.
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
    { to: 'records', may: 'write', folder: 'runs' },
    { to: 'runs', may: 'list', of: 'sync' },
    // Of items that messages named it looks the secrets up instead of listing all.
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
  ],
} as const satisfies Step;

const retrieve = {
  folder: 'sync/retrieve',
  input: batchRunSchema.extend({ requested: progressSchema }),
  output: progressSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in' },
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'stores', may: 'deliver', of: 'syncs' },
    { to: 'stores', may: 'retire', of: 'syncs' },
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
  grants: () => [
    { to: 'sign-in' },
    // What an earlier attempt has written down.
    { to: 'records', may: 'read', folder: 'runs' },
    { to: 'records', may: 'write', folder: 'runs' },
  ],
} as const satisfies Step;

const report = {
  folder: 'sync/report',
  input: syncRunSchema.extend({
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
    { to: 'records', may: 'write', folder: 'runs' },
    { to: 'records', may: 'write', folder: 'memory' },
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

export const syncSteps = { plan, request, retrieve, checkin, report };

export const syncWorkflow: WorkflowSteps = { steps: Object.values(syncSteps), isUsed: () => true };

export type ReportInput = z.infer<typeof report.input>;
export type ReportOutput = z.infer<typeof report.output>;

import * as z from 'zod';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { ERROR_NAMES, type RelayError } from '#shared/errors.ts';

/**
 * The baton of the sync workflow: what enters it and what each step adds. Nothing in it grows with the number of
 * accounts: batches live in S3 and only their numbers travel, and a batch is at most 250 items.
 */

const outcomeSchema = z.enum(OUTCOME_NAMES);

/** What somebody or a schedule asks for: the input of an execution. */
const orderSchema = z.object({
  sync: z.string(),
  mode: z.enum(['changes', 'verify']).default('changes'),
  scheduledAt: z.string().optional(),
  /** `named` looks only at the accounts that messages named for this run. */
  accounts: z.enum(['all', 'named']).default('all'),
  /** How long the run waits before it looks at anything. */
  waitSeconds: z.int().min(0).max(3600).optional(),
  /** Tries again what earlier runs had parked, after an operator changed what was wrong. */
  retryParked: z.boolean().default(false),
});

/** What every step of a run knows. `run` is the execution's name: the name of the sync, a dot, and what tells runs apart. */
const runSchema = z.object({ run: z.string().regex(/^[a-z][a-z0-9-]*\.[\w.-]+$/), order: orderSchema });
export type Run = z.infer<typeof runSchema>;

/** An error as an item's outcome carries it: named from the closed list, with a message for the operator. */
const failureSchema = z.object({ name: z.enum(ERROR_NAMES), message: z.string() });

/** What became of one item of a batch; `item` is its position in the batch. */
export const settledSchema = z.object({
  item: z.int().min(0),
  outcome: outcomeSchema,
  failure: failureSchema.optional(),
  /** When a release that nobody can give back ends by itself, epoch milliseconds by the vault's clock. */
  releaseEndsAt: z.int().optional(),
});
export type Settled = z.infer<typeof settledSchema>;

/** The outcome of an item that an error ended. */
export const failedWith = ({ name, message }: RelayError): Pick<Settled, 'outcome' | 'failure'> => ({
  outcome: 'failed',
  failure: { name, message },
});

/** Our view of an open request. `owned` is true when this run opened it, and only then does it check it in. */
const leaseSchema = z.object({
  item: z.int().min(0),
  requestId: z.int(),
  owned: z.boolean(),
  status: z.enum(['pending', 'active']),
});
export type Lease = z.infer<typeof leaseSchema>;

/** What `authenticate` adds: that signing in works, and until when; never the token. */
export const authenticatedSchema = z.object({ connection: z.string(), expiresAt: z.string().nullable() });

/** What `plan` adds. `batches` are their numbers; `skipped` says that the sync's previous run is still running. */
const plannedSchema = z.object({
  status: z.enum(['planned', 'skipped']),
  batches: z.array(z.int()),
  concurrency: z.int().min(1),
});
export type Planned = z.infer<typeof plannedSchema>;

/** What Step Functions hands on when a step fails: the error's name and, as text, its cause. */
export const caughtSchema = z.object({ Error: z.string(), Cause: z.string().optional() });

const batchRunSchema = runSchema.extend({ batch: z.int().min(0) });
export type BatchRun = z.infer<typeof batchRunSchema>;
const batchProgressSchema = z.object({
  leases: z.array(leaseSchema),
  settled: z.array(settledSchema),
  /** How many orphans were scheduled for deletion. */
  retired: z.int().default(0),
});
export type BatchProgress = z.infer<typeof batchProgressSchema>;

/** What a finished batch hands to `report`: its number, and the error's name when it could not be closed properly. */
const batchEndSchema = z.object({ batch: z.int(), error: z.string().optional() });

export const RUN_STATUSES = ['SUCCEEDED', 'PARTIAL', 'SKIPPED', 'FAILED'] as const;

/** Input and output of every step of the sync workflow. */
export const steps = {
  authenticate: { input: runSchema, output: authenticatedSchema },
  plan: { input: runSchema, output: plannedSchema },
  request: { input: batchRunSchema, output: batchProgressSchema },
  retrieve: { input: batchRunSchema.extend({ requested: batchProgressSchema }), output: batchProgressSchema },
  checkin: {
    input: batchRunSchema.extend({
      requested: batchProgressSchema.optional(),
      retrieved: batchProgressSchema.optional(),
      error: caughtSchema.optional(),
    }),
    output: z.object({ givenBack: z.int() }),
  },
  report: {
    input: runSchema.extend({
      planned: plannedSchema.optional(),
      batchEnds: z.array(batchEndSchema).optional(),
      error: caughtSchema.optional(),
    }),
    output: z.object({
      status: z.enum(RUN_STATUSES),
      accounts: z.int(),
      delivered: z.int(),
      unchanged: z.int(),
      skipped: z.int(),
      failed: z.int(),
      retired: z.int(),
    }),
  },
} as const;

export type ReportInput = z.infer<typeof steps.report.input>;
export type ReportOutput = z.infer<typeof steps.report.output>;

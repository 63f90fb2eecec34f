import * as z from 'zod';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * Inputs and outputs of the provisioning workflow. The state of an execution contains the name of its subject and its
 * progress. Inputs, ids and owners are in the record of the subject (`subjectAt.record`).
 */

/** Input of an execution, from a message, from drift or from the sweep. */
const orderSchema = z.object({
  rule: z.string(),
  subject: z.string(),
  /** True for an execution that corrects differences, without a new order. */
  repair: z.boolean().default(false),
});

const plannedSchema = z.object({
  task: z.enum(['provision', 'withdraw', 'remove', 'nothing']),
  /** True if another execution works on the subject. It carries out the order of this one as well. */
  joined: z.boolean(),
});
export type Planned = z.infer<typeof plannedSchema>;

const appliedSchema = z.object({
  next: z.enum(['apply', 'wait', 'report']),
  waitSeconds: z.int().min(0),
  /** Number of resources that are done, in the order of the task. */
  position: z.int().min(0),
  /** Start of the current wait for a late effect. */
  waitingSince: z.iso.datetime().optional(),
  /** End of a wait that is longer than one state lasts. */
  until: z.iso.datetime().optional(),
  /** Counts of resources of this run. */
  made: z.int().min(0),
  changed: z.int().min(0),
  unchanged: z.int().min(0),
  undone: z.int().min(0),
  /** Findings for the report, one line each. */
  notes: z.array(z.string()).max(50),
});
export type Applied = z.infer<typeof appliedSchema>;

const provisionStateSchema = runSchema.extend({
  order: orderSchema,
  planned: plannedSchema.optional(),
  applied: appliedSchema.optional(),
  /** The error that ended the task. While it is set, `apply` undoes what this run made. */
  error: caughtSchema.optional(),
  /** The error that ended the undo. */
  undoError: caughtSchema.optional(),
});
export type ProvisionStepInput = z.infer<typeof provisionStateSchema>;

const readAndWriteSubjects = [
  { to: 'records', may: 'read', folder: 'subjects' },
  { to: 'records', may: 'write', folder: 'subjects' },
] as const;

const plan = {
  folder: 'provision/plan',
  input: provisionStateSchema,
  output: plannedSchema,
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    ...readAndWriteSubjects,
    { to: 'records', may: 'write', folder: 'pending' },
    // An execution that holds the subject can have died.
    { to: 'runs', may: 'describe', of: 'provision' },
  ],
} as const satisfies Step;

const apply = {
  folder: 'provision/apply',
  input: provisionStateSchema,
  output: appliedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'provisioning' },
    ...readAndWriteSubjects,
    { to: 'initial-passwords', may: 'read' },
  ],
} as const satisfies Step;

/** `again`: an order arrived during the run, which this run carries out as well. */
const report = {
  folder: 'provision/report',
  input: provisionStateSchema,
  output: z.object({
    next: z.enum(['again', 'end']),
    status: z.enum(['succeeded', 'failed', 'joined', 'nothing']),
    /** Numbers of resources. */
    made: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    undone: z.int(),
  }),
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    ...readAndWriteSubjects,
    { to: 'records', may: 'write', folder: 'pending' },
    { to: 'records', may: 'remove', folder: 'pending' },
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

const comparedSchema = z.object({
  next: z.enum(['drift', 'end']),
  /** Key of the last subject that was compared. */
  after: z.string().optional(),
  compared: z.int().min(0),
  drifted: z.int().min(0),
  repairing: z.int().min(0),
  failed: z.int().min(0),
  /** Subjects that differ or could not be compared, one line each. */
  lines: z.array(z.string()).max(50),
});
export type Compared = z.infer<typeof comparedSchema>;

const driftStateSchema = runSchema.extend({ compared: comparedSchema.optional() });
export type DriftStepInput = z.infer<typeof driftStateSchema>;

const drift = {
  folder: 'provision/drift',
  input: driftStateSchema,
  output: comparedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'comparing' },
    { to: 'records', may: 'list' },
    { to: 'records', may: 'read', folder: 'subjects' },
    { to: 'runs', may: 'start', of: 'provision' },
    { to: 'alerts', may: 'publish' },
  ],
} as const satisfies Step;

const sweep = {
  folder: 'provision/sweep',
  /** Event of a schedule; not used. */
  input: z.unknown(),
  output: z.object({ started: z.int(), postponed: z.int() }),
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'records', may: 'list' },
    { to: 'records', may: 'read', folder: 'subjects' },
    { to: 'records', may: 'write', folder: 'pending' },
    { to: 'records', may: 'remove', folder: 'pending' },
    { to: 'records', may: 'read', folder: 'removals' },
    { to: 'records', may: 'write', folder: 'removals' },
    { to: 'runs', may: 'describe', of: 'provision' },
    { to: 'runs', may: 'start', of: 'provision' },
  ],
} as const satisfies Step;
export type Swept = z.infer<typeof sweep.output>;

export const provisionSteps = { plan, apply, report, drift, sweep };

export const provisionWorkflow: WorkflowSteps = {
  steps: Object.values(provisionSteps),
  isUsed: ({ provisioning }) => Object.keys(provisioning).length > 0,
};

export type ProvisionReported = z.infer<typeof report.output>;

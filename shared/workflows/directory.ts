import * as z from 'zod';
import { spellingOf } from '#shared/domain/directory/email.ts';
import type { Lane } from '#shared/records/directory-records.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/**
 * Inputs and outputs of the directory workflow. Its state contains the position in the plan. The steps, and what became
 * of each, are records.
 */

/**
 * Input of an execution. `drift`: compares and changes nothing. `undo`: takes the removal of `members` back, within the
 * time of grace. `message`: carries out what messages said about people, after a wait in which further ones arrive.
 */
const orderSchema = z.object({
  rule: z.string(),
  trigger: z.enum(['schedule', 'drift', 'undo', 'message']),
  waitSeconds: z.int().min(0).max(60).optional(),
  /** E-mail addresses. */
  members: z.array(z.string().trim().overwrite(spellingOf)).min(1).max(100).optional(),
});

/** An undo takes turns with messages, so that it does not wait for a long run over the declared state. */
export const laneOf = ({ trigger }: Pick<z.infer<typeof orderSchema>, 'trigger'>): Lane =>
  trigger === 'undo' || trigger === 'message' ? 'messages' : 'declared';

/** `skipped`: another run of the rule has not ended. `busy`: the same, and this one waits for it. */
const plannedSchema = z.object({
  status: z.enum(['planned', 'compared', 'skipped', 'busy']),
  steps: z.int().min(0),
});
export type DirectoryPlanned = z.infer<typeof plannedSchema>;

const appliedSchema = z.object({
  next: z.enum(['apply', 'report']),
  /** Number of steps that were carried out, or could not be. */
  position: z.int().min(0),
  /** Numbers of steps by their result. */
  counts: z.record(z.string(), z.int().min(0)),
  /** Steps that did not succeed, one line each. */
  failures: z.array(z.string()).max(50),
});
export type DirectoryApplied = z.infer<typeof appliedSchema>;

/** `wait`: another run has the messages or a person. `end`: nothing was owed. */
const heededSchema = z.object({
  next: z.enum(['wait', 'heed', 'report', 'end']),
  /** Number of waits. */
  waits: z.int().min(0),
  /** Numbers of events by what became of them, and of steps by their result. */
  counts: z.record(z.string(), z.int().min(0)),
  /** Number of events that are still owed. */
  owed: z.int().min(0),
  /** News for people, who were not told yet, one line each. */
  lines: z.array(z.string()).max(50),
});
export type DirectoryHeeded = z.infer<typeof heededSchema>;

const directoryStateSchema = runSchema.extend({
  order: orderSchema,
  planned: plannedSchema.optional(),
  applied: appliedSchema.optional(),
  heeded: heededSchema.optional(),
  /** The error that ended the run. */
  error: caughtSchema.optional(),
});
export type DirectoryStepInput = z.infer<typeof directoryStateSchema>;

const readAndWrite = [
  { to: 'records', may: 'read', folder: 'directories' },
  { to: 'records', may: 'write', folder: 'directories' },
] as const;

const plan = {
  folder: 'directory/plan',
  input: directoryStateSchema,
  output: plannedSchema,
  seconds: 900,
  memoryMb: 1024,
  grants: () => [
    { to: 'sign-in', of: 'directories' },
    { to: 'directory-sources', may: 'read' },
    ...readAndWrite,
    { to: 'records', may: 'list' },
    { to: 'records', may: 'remove', folder: 'directories' },
    // An undo cancels messages that are owed.
    { to: 'records', may: 'read', folder: 'member-events' },
    { to: 'records', may: 'write', folder: 'member-events' },
    // A run that holds the rule can have died.
    { to: 'runs', may: 'describe', of: 'directory' },
  ],
} as const satisfies Step;

const apply = {
  folder: 'directory/apply',
  input: directoryStateSchema,
  output: appliedSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'directories' },
    ...readAndWrite,
    { to: 'records', may: 'remove', folder: 'directories' },
  ],
} as const satisfies Step;

/** `SKIPPED`: another run of the rule has not ended. `PARTIAL`: a step failed, or a removal was refused. */
export const DIRECTORY_STATUSES = ['SUCCEEDED', 'PARTIAL', 'SKIPPED', 'FAILED'] as const;

const heed = {
  folder: 'directory/heed',
  input: directoryStateSchema,
  output: heededSchema,
  seconds: 900,
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'directories' },
    ...readAndWrite,
    { to: 'records', may: 'list' },
    { to: 'records', may: 'remove', folder: 'directories' },
    { to: 'records', may: 'read', folder: 'member-events' },
    { to: 'records', may: 'write', folder: 'member-events' },
    { to: 'records', may: 'remove', folder: 'member-events' },
    // A run that holds the messages can have died.
    { to: 'runs', may: 'describe', of: 'directory' },
  ],
} as const satisfies Step;

const report = {
  folder: 'directory/report',
  input: directoryStateSchema,
  output: z.object({
    status: z.enum(DIRECTORY_STATUSES),
    /** Numbers of differences, of steps that were carried out, and of steps that were not. */
    drift: z.int(),
    done: z.int(),
    failed: z.int(),
  }),
  seconds: 120,
  memoryMb: 512,
  grants: () => [...readAndWrite, { to: 'alerts', may: 'publish' }],
} as const satisfies Step;
export type DirectoryReported = z.infer<typeof report.output>;

export const directorySteps = { plan, apply, heed, report };

export const directoryWorkflow: WorkflowSteps = {
  steps: Object.values(directorySteps),
  isUsed: ({ directories }) => Object.keys(directories).length > 0,
};

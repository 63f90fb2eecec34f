import * as z from 'zod';
import { countsSchema } from '#shared/domain/export/counts.ts';
import { caughtSchema, runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** `SKIPPED`: another run of the rule has not ended. */
export const EXPORT_STATUSES = ['SUCCEEDED', 'FAILED', 'SKIPPED'] as const;

/** Progress of a run. */
const sweptSchema = z.object({
  /** `again`: the time of the invocation was used up. */
  next: z.enum(['again', 'end']),
  status: z.enum(['swept', 'skipped']),
  /** Date up to which the run reads, UTC ISO 8601. */
  until: z.string(),
});
export type Swept = z.infer<typeof sweptSchema>;

const exportStateSchema = runSchema.extend({
  swept: sweptSchema.optional(),
  /** The error that ended the run. */
  error: caughtSchema.optional(),
});
export type ExportStepInput = z.infer<typeof exportStateSchema>;

const sweep = {
  folder: 'export/sweep',
  input: exportStateSchema,
  output: sweptSchema,
  seconds: 900,
  // An hour with a million events takes 270 MB.
  memoryMb: 512,
  grants: () => [
    { to: 'sign-in', of: 'exporting' },
    { to: 'records', may: 'read', folder: 'exports' },
    { to: 'records', may: 'write', folder: 'exports' },
    // A file that a dead invocation wrote is read by the next one.
    { to: 'records', may: 'read', folder: 'events' },
    { to: 'records', may: 'write', folder: 'events' },
  ],
} as const satisfies Step;

const reportedSchema = z.object({
  status: z.enum(EXPORT_STATUSES),
  ...countsSchema.shape,
  /** Seconds between the position of the cursor and now; absent if there is no cursor yet. */
  ageSeconds: z.int().min(0).optional(),
});
export type ExportReported = z.infer<typeof reportedSchema>;

const report = {
  folder: 'export/report',
  input: exportStateSchema,
  output: reportedSchema,
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    { to: 'records', may: 'read', folder: 'exports' },
    { to: 'records', may: 'write', folder: 'exports' },
  ],
} as const satisfies Step;

export const exportSteps = { sweep, report };

export const exportWorkflow: WorkflowSteps = {
  steps: Object.values(exportSteps),
  isUsed: ({ exports }) => Object.keys(exports).length > 0,
};

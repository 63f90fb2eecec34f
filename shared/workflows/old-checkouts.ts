import * as z from 'zod';
import type { Grant } from '#shared/workflows/grants.ts';
import { runSchema } from '#shared/workflows/run.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** Grants of a function that also ends checkouts. */
const ending = [
  // Checkouts that an interrupted run was ending.
  { to: 'records', may: 'read', folder: 'old-checkouts' },
  // What a run of this relay has opened is never ended here, and none opens an item whose checkout is being ended.
  { to: 'records', may: 'read', folder: 'claims' },
  { to: 'records', may: 'write', folder: 'claims' },
  { to: 'records', may: 'remove', folder: 'claims' },
  // People learn of what was ended.
  { to: 'alerts', may: 'publish' },
] as const satisfies readonly Grant[];

/** A rotation can be changing the credential already. */
const rotating = [{ to: 'records', may: 'read', folder: 'holds' }] as const satisfies readonly Grant[];

/** `SKIPPED`: another run of the rule has not ended. `PARTIAL`: a checkout that had to end may still be open. */
export const OLD_CHECKOUTS_STATUSES = ['SUCCEEDED', 'PARTIAL', 'SKIPPED'] as const;

const oldCheckouts = {
  folder: 'upkeep/old-checkouts',
  /** Entry under oldCheckouts, and a name for the run. */
  input: runSchema.pick({ rule: true, run: true }),
  output: z.object({
    status: z.enum(OLD_CHECKOUTS_STATUSES),
    /** Old checkouts that are open at the end of the run. */
    old: z.int().min(0),
    forced: z.int().min(0),
    /** Items of which the vault does not show whether a checkout is open. */
    unknown: z.int().min(0),
    failed: z.int().min(0),
  }),
  seconds: 900,
  memoryMb: 1024,
  grants: ({ oldCheckouts: rules }) => {
    const forces = Object.values(rules).flatMap(({ forceCheckIn }) => forceCheckIn ?? []);
    return [
      { to: 'sign-in', of: 'old-checkouts' },
      { to: 'records', may: 'write', folder: 'old-checkouts' },
      ...(forces.length > 0 ? ending : []),
      ...(forces.some(({ rotate }) => rotate) ? rotating : []),
    ];
  },
} as const satisfies Step;
export type OldCheckoutsOrder = z.infer<typeof oldCheckouts.input>;
export type OldCheckoutsReported = z.infer<typeof oldCheckouts.output>;

export const oldCheckoutsSteps = { oldCheckouts };

export const oldCheckoutsWorkflow: WorkflowSteps = {
  steps: Object.values(oldCheckoutsSteps),
  isUsed: ({ oldCheckouts: rules }) => Object.keys(rules).length > 0,
};

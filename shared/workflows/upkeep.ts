import * as z from 'zod';
import type { Grant } from '#shared/workflows/grants.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** Grants to find open checkouts whose execution has ended, and to start their release. */
const abandonedCheckouts = [
  { to: 'records', may: 'list' },
  { to: 'runs', may: 'describe', of: 'checkout' },
  // Signals the closing to an execution that is redriven at the same time.
  { to: 'records', may: 'write', folder: 'checkouts' },
  { to: 'runs', may: 'start', of: 'release' },
] as const satisfies readonly Grant[];

const reap = {
  folder: 'upkeep/reap',
  /** Event of a schedule; not used. */
  input: z.unknown(),
  output: z.object({ openLeases: z.int(), reaped: z.int(), abandoned: z.int() }),
  seconds: 900,
  memoryMb: 512,
  priority: 'open-leases',
  grants: ({ checkouts }) => [
    { to: 'sign-in' },
    { to: 'runs', may: 'describe', of: 'sync' },
    // Also if no rule claims any more: an earlier rule can have left some open.
    { to: 'records', may: 'read', folder: 'claims' },
    { to: 'records', may: 'write', folder: 'claims', of: 'claiming connections' },
    { to: 'records', may: 'remove', folder: 'claims', of: 'claiming connections' },
    ...(Object.keys(checkouts).length > 0 ? abandonedCheckouts : []),
  ],
} as const satisfies Step;

export const upkeepSteps = { reap };

export const upkeepWorkflow: WorkflowSteps = { steps: Object.values(upkeepSteps), isUsed: () => true };

import type { Executions } from '#shared/aws/executions.ts';
import type { Run, Workflow } from '#shared/workflows/run.ts';

/**
 * Returns the end of a run in epoch milliseconds; undefined while it is running. Raises if this cannot be determined.
 */
export type EndedAt = (run: Pick<Run, 'workflow' | 'run'>) => Promise<number | undefined>;

/** End of a run that Step Functions no longer has, or never had. */
const LONG_AGO = 0;

/** Looks up runs in the machine of their workflow. If the machine was removed from the stack, its runs have ended. */
export const createEndedAt =
  (executionsOf: (workflow: Workflow) => Pick<Executions, 'find'> | undefined): EndedAt =>
  async ({ workflow, run }) => {
    const found = await executionsOf(workflow)?.find(run);
    return found === undefined ? LONG_AGO : found.endedAt;
  };

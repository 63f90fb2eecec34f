import type { Executions } from '#shared/aws/executions.ts';
import type { Run, Workflow } from '#shared/workflows/run.ts';

/** When a run ended, in epoch milliseconds; undefined while it goes on. Raises when it can't be known. */
export type EndedAt = (run: Pick<Run, 'workflow' | 'run'>) => Promise<number | undefined>;

/** A run that Step Functions does not know any more, or never knew, ended long ago. */
const LONG_AGO = 0;

/** Asks the machine of the run's workflow. One that the stack no longer has took its runs with it. */
export const createEndedAt =
  (executionsOf: (workflow: Workflow) => Pick<Executions, 'find'> | undefined): EndedAt =>
  async ({ workflow, run }) => {
    const found = await executionsOf(workflow)?.find(run);
    return found === undefined ? LONG_AGO : found.endedAt;
  };

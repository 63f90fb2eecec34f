import { awsClientConfig } from '#shared/aws/client.ts';
import { isGathered } from '#shared/domain/gathering.ts';
import { RelayError } from '#shared/errors.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Whether another run of the same sync started earlier and still runs. */
export type HasEarlierRun = (run: Pick<Run, 'rule' | 'run'>) => Promise<boolean>;

interface RunningExecution {
  readonly name?: string | undefined;
  readonly startDate?: Date | undefined;
}

/** Of the executions that run now, whether one of the same sync was there before us; equal starts go by name. */
export const isAfterAnother = (sync: string, run: string, running: readonly RunningExecution[]): boolean => {
  const startOf = ({ startDate }: RunningExecution): number => startDate?.getTime() ?? 0;
  const own = running.find(({ name }) => name === run);
  return running.some((other) => {
    if (other.name === undefined || other.name === run || !other.name.startsWith(`${sync}.`)) return false;
    // A run that looks at a few accounts leaves the rest to us.
    if (isGathered(sync, other.name)) return false;
    // The list is eventually consistent: while this run is not in it, the runs that are came first.
    if (own === undefined) return true;
    return startOf(other) < startOf(own) || (startOf(other) === startOf(own) && other.name < run);
  });
};

/** Asks Step Functions; the client is imported late, since only this one step of a run needs it. */
export const createHasEarlierRun =
  (stateMachineArn: string): HasEarlierRun =>
  async ({ rule, run }) => {
    const { SFNClient, paginateListExecutions } = await import('@aws-sdk/client-sfn');
    const running: RunningExecution[] = [];
    const unknown = (cause?: unknown) =>
      new RelayError('StoreUnavailable', 'Step Functions did not list the running executions.', { cause });
    try {
      const pages = paginateListExecutions(
        { client: new SFNClient(awsClientConfig()) },
        { stateMachineArn, statusFilter: 'RUNNING' },
      );
      for await (const { executions } of pages) {
        if (executions === undefined) throw unknown();
        running.push(...executions);
      }
    } catch (cause) {
      throw unknown(cause);
    }
    return isAfterAnother(rule, run, running);
  };

import { awsClientConfig } from '#shared/aws/client.ts';
import { isDebounced } from '#shared/domain/debounce.ts';
import { RelayError } from '#shared/errors.ts';
import type { Run } from '#shared/workflows/run.ts';

/** True if another run of the same sync started earlier and is still running. */
export type HasEarlierRun = (run: Pick<Run, 'rule' | 'run'>) => Promise<boolean>;

interface RunningExecution {
  readonly name?: string | undefined;
  readonly startDate?: Date | undefined;
}

/** True if one of the running executions is an earlier run of the same sync. Equal start times are ordered by name. */
export const isAfterAnother = (sync: string, run: string, running: readonly RunningExecution[]): boolean => {
  const startOf = ({ startDate }: RunningExecution): number => startDate?.getTime() ?? 0;
  const own = running.find(({ name }) => name === run);
  return running.some((other) => {
    if (other.name === undefined || other.name === run || !other.name.startsWith(`${sync}.`)) return false;
    // A run over named items does not cover the rest.
    if (isDebounced(sync, other.name)) return false;
    // The list is eventually consistent: if this run is missing from it, the listed runs started earlier.
    if (own === undefined) return true;
    return startOf(other) < startOf(own) || (startOf(other) === startOf(own) && other.name < run);
  });
};

/** Lists the executions in Step Functions. The client is imported on first use, because only this step needs it. */
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

import type { ExecutionStatus } from '@aws-sdk/client-sfn';
import { awsClientConfig } from '#shared/aws.ts';
import { RelayError } from '#shared/errors.ts';

const ENDED: ReadonlyMap<ExecutionStatus | undefined, boolean> = new Map([
  ['RUNNING', false],
  ['PENDING_REDRIVE', false],
  ['SUCCEEDED', true],
  ['FAILED', true],
  ['TIMED_OUT', true],
  ['ABORTED', true],
]);

/**
 * Asks Step Functions whether a run has ended, in whichever of the machines it was started. One that it no longer knows
 * has: it forgets executions 90 days after their end. Any other error, and any other status, is raised: unknown is not
 * ended.
 */
export const createHasEnded =
  (stateMachineArns: readonly string[]) =>
  async (run: string): Promise<boolean> => {
    for (const arn of stateMachineArns) if (!(await hasEndedIn(arn, run))) return false;
    return true;
  };

const hasEndedIn = async (stateMachineArn: string, run: string): Promise<boolean> => {
  const { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } = await import('@aws-sdk/client-sfn');
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${run}`;
  const unknown = (cause?: unknown) =>
    new RelayError('StoreUnavailable', `Step Functions did not say whether run ${run} has ended.`, { cause });
  let status: ExecutionStatus | undefined;
  try {
    ({ status } = await new SFNClient(awsClientConfig()).send(new DescribeExecutionCommand({ executionArn })));
  } catch (cause) {
    if (cause instanceof ExecutionDoesNotExist) return true;
    throw unknown(cause);
  }
  const ended = ENDED.get(status);
  if (ended === undefined) throw unknown();
  return ended;
};

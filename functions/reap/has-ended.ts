import type { ExecutionStatus } from '@aws-sdk/client-sfn';
import { RelayError } from '#shared/errors.ts';

const STILL_RUNNING: ReadonlySet<ExecutionStatus | undefined> = new Set(['RUNNING', 'PENDING_REDRIVE']);

/**
 * Asks Step Functions whether a run has ended. One that it no longer knows has: it forgets executions 90 days after
 * their end. Any other error is raised: unknown is not ended.
 */
export const createHasEnded =
  (stateMachineArn: string) =>
  async (run: string): Promise<boolean> => {
    const { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } = await import('@aws-sdk/client-sfn');
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${run}`;
    try {
      const { status } = await new SFNClient({}).send(new DescribeExecutionCommand({ executionArn }));
      return !STILL_RUNNING.has(status);
    } catch (cause) {
      if (cause instanceof ExecutionDoesNotExist) return true;
      throw new RelayError('StoreUnavailable', `Step Functions did not say whether run ${run} has ended.`, { cause });
    }
  };

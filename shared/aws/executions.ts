import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';

/** An execution of a workflow. */
interface KnownExecution {
  readonly input: string;
  /** In epoch milliseconds; undefined while the execution runs. */
  readonly endedAt: number | undefined;
}

/** Executions of one state machine. Both calls raise `StoreUnavailable` and are repeatable. */
export interface Executions {
  /**
   * Starts an execution. Returns false if the name belongs to an execution that has ended or has another input. A name
   * can be used again 90 days after its execution ended.
   */
  start(name: string, input: string): Promise<boolean>;
  /** Finds an execution by name. Undefined if none exists, if it is not visible yet, and from 90 days after its end. */
  find(name: string): Promise<KnownExecution | undefined>;
}

/** Statuses of an execution that has not ended. Every other status is final. */
const ONGOING: ReadonlySet<string | undefined> = new Set(['RUNNING', 'PENDING_REDRIVE']);

/**
 * Executions on Step Functions. The client is imported on demand, because few invocations need it. An answer without
 * the fields that Step Functions always returns is an error: the execution counts neither as started nor as ended.
 *
 * Source: Step Functions API reference, StartExecution and DescribeExecution.
 */
export const createExecutions = (stateMachineArn: string): Executions => {
  let connected: ReturnType<typeof connect> | undefined;
  const client = () => {
    connected ??= connect();
    return connected;
  };
  const failure = (doing: string, name: string, cause?: unknown) =>
    new RelayError(
      'StoreUnavailable',
      `Step Functions did not ${doing} ${name} (${cause instanceof Error ? cause.name : 'unexpected answer'}).`,
      { cause },
    );

  return {
    async start(name, input) {
      const { stepFunctions, sdk } = await client();
      let executionArn: string | undefined;
      try {
        ({ executionArn } = await stepFunctions.send(new sdk.StartExecutionCommand({ stateMachineArn, name, input })));
      } catch (cause) {
        if (cause instanceof sdk.ExecutionAlreadyExists) return false;
        throw failure('start', name, cause);
      }
      if (executionArn === undefined) throw failure('start', name);
      return true;
    },

    async find(name) {
      const { stepFunctions, sdk } = await client();
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const command = new sdk.DescribeExecutionCommand({ executionArn });
      let answer: { input?: string; status?: string; stopDate?: Date };
      try {
        answer = await stepFunctions.send(command);
      } catch (cause) {
        if (cause instanceof sdk.ExecutionDoesNotExist) return undefined;
        throw failure('describe', name, cause);
      }
      const { input, status, stopDate } = answer;
      const endedAt = ONGOING.has(status) ? undefined : stopDate?.getTime();
      if (input === undefined || (endedAt === undefined && !ONGOING.has(status))) throw failure('describe', name);
      return { input, endedAt };
    },
  };
};

const connect = async () => {
  const sdk = await import('@aws-sdk/client-sfn');
  return { sdk, stepFunctions: new sdk.SFNClient(awsClientConfig()) };
};

import { awsClientConfig } from '#shared/aws/client.ts';
import { RelayError } from '#shared/errors.ts';

/** One execution of a workflow. */
interface KnownExecution {
  readonly input: string;
  /** Epoch milliseconds; undefined while it runs. */
  readonly endedAt: number | undefined;
}

/** The executions of one state machine. Both calls raise `StoreUnavailable`, and may be repeated. */
export interface Executions {
  /** False when there is one of this name already that has ended, or had another input; names are free again after 90 days. */
  start(name: string, input: string): Promise<boolean>;
  /** The execution of this name; undefined when there is none, when it is not shown yet, or 90 days after its end. */
  find(name: string): Promise<KnownExecution | undefined>;
}

/** The statuses of an execution that may go on; every other one of them is an end. */
const GOES_ON: ReadonlySet<string | undefined> = new Set(['RUNNING', 'PENDING_REDRIVE']);

/**
 * Executions on Step Functions, whose client is imported late, since few invocations need it. What answers without what
 * Step Functions always says was not Step Functions: unknown is neither started nor ended.
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
      `Step Functions did not ${doing} ${name} (${cause instanceof Error ? cause.name : 'no answer of its own'}).`,
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
      const endedAt = GOES_ON.has(status) ? undefined : stopDate?.getTime();
      if (input === undefined || (endedAt === undefined && !GOES_ON.has(status))) throw failure('describe', name);
      return { input, endedAt };
    },
  };
};

const connect = async () => {
  const sdk = await import('@aws-sdk/client-sfn');
  return { sdk, stepFunctions: new sdk.SFNClient(awsClientConfig()) };
};

import { awsClientConfig } from '#shared/aws.ts';
import { RelayError } from '#shared/errors.ts';

/** The executions of one state machine. Both calls raise `StoreUnavailable`, and may be repeated. */
export interface Executions {
  /** False when there is one of this name already that has ended, or had another input; names are free again after 90 days. */
  start(name: string, input: string): Promise<boolean>;
  /** What the execution of this name was started with; undefined when there is none, or none that is shown yet. */
  inputOf(name: string): Promise<string | undefined>;
}

/** Source: Step Functions API reference, StartExecution and DescribeExecution. */
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
      // Whatever says success without it was not Step Functions.
      if (executionArn === undefined) throw failure('start', name);
      return true;
    },

    async inputOf(name) {
      const { stepFunctions, sdk } = await client();
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      let input: string | undefined;
      try {
        ({ input } = await stepFunctions.send(new sdk.DescribeExecutionCommand({ executionArn })));
      } catch (cause) {
        if (cause instanceof sdk.ExecutionDoesNotExist) return undefined;
        throw failure('describe', name, cause);
      }
      if (input === undefined) throw failure('describe', name);
      return input;
    },
  };
};

const connect = async () => {
  const sdk = await import('@aws-sdk/client-sfn');
  return { sdk, stepFunctions: new sdk.SFNClient(awsClientConfig()) };
};

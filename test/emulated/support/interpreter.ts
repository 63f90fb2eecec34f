import { setTimeout as after } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  paginateGetExecutionHistory,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { localClientConfig } from '#local/aws/resources.ts';
import { startMoto } from './emulators.ts';
import { type Answer, startLambdaBridge } from './lambda-bridge.ts';

const SHORTEST_POLL_MS = 50;
const LONGEST_POLL_MS = 800;
const LONGEST_RUN_MS = 120_000;
const ROLE = 'arn:aws:iam::000000000000:role/states';

/** An execution that has ended. */
interface Ended {
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
  /** The states of the machine itself in the order in which they were entered; those of a Map's children not. */
  readonly states: readonly string[];
}

/** A state machine interpreter that is not ours. */
export interface Interpreter {
  readonly client: SFNClient;
  /** Gives back the machine's ARN. */
  createMachine(name: string, definition: string): Promise<string>;
  /** Starts an execution whose function calls are answered as told; gives back its ARN. */
  start(machineArn: string, name: string, input: unknown, answer: Answer): Promise<string>;
  /** Waits until it has ended, however it ended. */
  ended(executionArn: string): Promise<Ended>;
  close(): Promise<void>;
}

/** moto, with Lambda's Invoke answered in this process. */
export const startInterpreter = async (): Promise<Interpreter> => {
  const bridge = await startLambdaBridge();
  const moto = await startMoto({ settings: { MOTO_PORT: String(bridge.port) } });
  await executeMachines(moto.endpoint);
  const client = new SFNClient({ ...localClientConfig(moto.endpoint), maxAttempts: 1 });

  const statesOf = async (executionArn: string): Promise<string[]> => {
    const states: string[] = [];
    for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
      states.push(...events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []));
    }
    return states;
  };

  return {
    client,
    async createMachine(name, definition) {
      const command = new CreateStateMachineCommand({ name, definition, roleArn: ROLE });
      return (await client.send(command)).stateMachineArn ?? '';
    },
    async start(stateMachineArn, name, input, answer) {
      bridge.answer(name, answer);
      const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
      return (await client.send(command)).executionArn ?? '';
    },
    async ended(executionArn) {
      const deadline = Date.now() + LONGEST_RUN_MS;
      for (let pollMs = SHORTEST_POLL_MS; ; pollMs = Math.min(LONGEST_POLL_MS, 2 * pollMs)) {
        const { status, error, cause, output } = await client.send(new DescribeExecutionCommand({ executionArn }));
        if (status !== 'RUNNING') {
          const parsed: unknown = output === undefined ? undefined : JSON.parse(output);
          return { status, error, cause, output: parsed, states: await statesOf(executionArn) };
        }
        if (Date.now() > deadline) throw new Error(`${executionArn} does not end.`);
        await after(pollMs);
      }
    },
    async close() {
      client.destroy();
      await moto.close();
      await bridge.close();
    },
  };
};

/** Left alone, moto keeps executions running for ever without a single step. */
const executeMachines = async (endpoint: string): Promise<void> => {
  const answer = await fetch(`${endpoint}/moto-api/config`, {
    method: 'POST',
    body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
  });
  if (!answer.ok) throw new Error(`moto does not take its settings: ${answer.status}.`);
};

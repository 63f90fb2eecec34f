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

const MIN_POLL_MS = 50;
const MAX_POLL_MS = 800;
const MAX_RUN_MS = 120_000;
const ROLE = 'arn:aws:iam::000000000000:role/states';

/** An execution that has ended. */
interface Ended {
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
  /** The states of the machine in the order of entry, without those of a Map's children. */
  readonly states: readonly string[];
}

/** A third-party interpreter of state machines. */
export interface Interpreter {
  readonly client: SFNClient;
  /** @returns the ARN of the machine. */
  createMachine(name: string, definition: string): Promise<string>;
  /** Starts an execution whose function calls `answer` answers. @returns its ARN. */
  start(machineArn: string, name: string, input: unknown, answer: Answer): Promise<string>;
  /** Waits for the end of an execution, successful or not. */
  ended(executionArn: string): Promise<Ended>;
  close(): Promise<void>;
}

/** Starts moto, with the Invoke calls of Lambda answered in this process. */
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
      const deadline = Date.now() + MAX_RUN_MS;
      for (let pollMs = MIN_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, 2 * pollMs)) {
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

/** By default, moto leaves executions running without executing any state. */
const executeMachines = async (endpoint: string): Promise<void> => {
  const answer = await fetch(`${endpoint}/moto-api/config`, {
    method: 'POST',
    body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
  });
  if (!answer.ok) throw new Error(`moto refused its settings with ${answer.status}.`);
};

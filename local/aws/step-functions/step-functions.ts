import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { InvocationResult } from '../functions/protocol.ts';
import { type Level, loadDefinition } from './definition.ts';
import { ApiFault, fitsState } from './faults.ts';
import { type HistoryEvent, readHistory } from './history.ts';
import { type Ending, type Json, type Run, startRun } from './run.ts';

export interface MachineDefinition {
  readonly name: string;
  readonly arn: string;
  /** Amazon States Language, as JSON. */
  readonly definition: string;
}

export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  /** Input exactly as sent. */
  readonly input: string;
  readonly startedAt: number;
  readonly stoppedAt: number | undefined;
  readonly status: 'RUNNING' | Ending['status'];
  readonly ending: Ending | undefined;
  readonly transitions: number;
}

export interface StepFunctions {
  /**
   * Starts an execution, or returns the running one with the same name and input.
   * @throws ApiFault like `StartExecution`.
   */
  start(machineArn: string, input: string, name?: string): Execution;
  /** @throws ApiFault if there is no such execution. */
  get(executionArn: string): Execution;
  /** Executions without those of Map children, newest first. @throws ApiFault if there is no such machine. */
  list(machineArn: string): readonly Execution[];
  stop(executionArn: string): Execution;
  history(executionArn: string): readonly HistoryEvent[];
  /** Resolves when the execution has ended, whether it succeeded or failed. */
  settled(executionArn: string): Promise<Execution>;
  /**
   * Resolves with the time at which the current Wait state ends, or with undefined when the execution has ended. Tests
   * advance the clock to that time. Wait states of Map children are excluded.
   */
  nextWake(executionArn: string): Promise<number | undefined>;
  /** Stops all running executions. */
  close(): Promise<void>;
}

export interface StepFunctionsOptions {
  readonly machines: readonly MachineDefinition[];
  readonly clock: Clock;
  /** Directory of the histories. */
  readonly historyDirectory: string;
  /** Factor for the waits before retries. 1 keeps them unchanged. */
  readonly waitScale: number;
  knowsFunction(arn: string): boolean;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

interface Entry {
  readonly execution: Execution;
  readonly run: Run;
}

export const createStepFunctions = (options: StepFunctionsOptions): StepFunctions => {
  const machines = new Map(
    options.machines.map((machine) => [machine.arn, { ...machine, level: load(machine, options) }]),
  );
  const entries = new Map<string, Entry>();

  const machineOf = (arn: string) => {
    const machine = machines.get(arn);
    if (machine === undefined) throw new ApiFault('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return machine;
  };
  const entryOf = (arn: string) => {
    const entry = entries.get(arn);
    if (entry === undefined) throw new ApiFault('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return entry;
  };
  const settled = async (arn: string) => {
    const { run, execution } = entryOf(arn);
    await run.ended;
    return execution;
  };

  return {
    start(machineArn, input, name = randomUUID()) {
      const machine = machineOf(machineArn);
      checkName(name);
      const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const parsed = parseInput(input);
      const existing = entries.get(arn)?.execution;
      if (existing?.status === 'RUNNING' && existing.input === input) return existing;
      if (existing !== undefined) {
        throw new ApiFault('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
      }
      const entry = begin(
        { arn, name, machineArn, input },
        () =>
          startRun(machine.level, {
            arn,
            name,
            input: parsed,
            directory: join(options.historyDirectory, machine.name),
            clock: options.clock,
            invoke: options.invoke,
          }),
        options.clock,
      );
      entries.set(arn, entry);
      return entry.execution;
    },
    get: (arn) => entryOf(arn).execution,
    list(machineArn) {
      const { arn } = machineOf(machineArn);
      return [...entries.values()]
        .map(({ execution }) => execution)
        .filter((one) => one.machineArn === arn)
        .reverse();
    },
    stop(arn) {
      const { run, execution } = entryOf(arn);
      run.stop();
      return execution;
    },
    history(arn) {
      const { machineArn, name } = entryOf(arn).execution;
      return readHistory(join(options.historyDirectory, machineOf(machineArn).name, `${name}.jsonl`));
    },
    settled,
    nextWake(arn) {
      const { run } = entryOf(arn);
      return Promise.race([run.ended.then(() => undefined), run.waiting()]);
    },
    async close() {
      for (const { run } of entries.values()) run.stop();
      await Promise.all([...entries.keys()].map(settled));
    },
  };
};

const load = ({ name, definition }: MachineDefinition, options: StepFunctionsOptions): Level => {
  const level = loadDefinition(name, definition, options);
  const check = ({ tasks, maps }: Level): void => {
    for (const [state, resource] of tasks) {
      if (!options.knowsFunction(resource)) {
        throw new Error(`State ${state} of ${name} calls ${resource}, which is not a function of the template.`);
      }
    }
    for (const { children } of maps.values()) check(children);
  };
  check(level);
  return level;
};

type Started = Pick<Execution, 'arn' | 'name' | 'machineArn' | 'input'>;

const begin = (started: Started, start: () => Run, clock: Clock): Entry => {
  let ending: Ending | undefined;
  let stoppedAt: number | undefined;
  const startedAt = clock.now();
  const run = start();
  void run.ended.then((ended) => {
    ending = ended;
    stoppedAt = clock.now();
  });
  return {
    run,
    execution: {
      ...started,
      startedAt,
      get stoppedAt() {
        return stoppedAt;
      },
      get status() {
        return ending?.status ?? 'RUNNING';
      },
      get ending() {
        return ending;
      },
      get transitions() {
        return run.transitions();
      },
    },
  };
};

/**
 * Source: API reference, StartExecution, `name`: no white space, brackets, wildcards, special or control characters.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: AWS refuses exactly these.
const FORBIDDEN_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

const checkName = (name: string): void => {
  if (name.length < 1 || name.length > 80 || FORBIDDEN_IN_NAMES.test(name)) {
    throw new ApiFault('InvalidName', `Invalid Name: '${name}'`);
  }
};

const parseInput = (input: string): Json => {
  if (!fitsState(input)) throw new ApiFault('InvalidExecutionInput', 'The input is larger than 262144 bytes.');
  try {
    const parsed: Json = JSON.parse(input);
    return parsed;
  } catch {
    throw new ApiFault('InvalidExecutionInput', 'The input is not JSON.');
  }
};

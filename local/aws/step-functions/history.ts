import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StateMachine } from 'aws-local-stepfunctions';

type EventStream = ReturnType<StateMachine['run']>['eventLogs'];
export type InterpreterEvent = EventStream extends AsyncGenerator<infer Event> ? Event : never;

/** An event as `GetExecutionHistory` gives it; which details there are depends on the type. */
export interface HistoryEvent {
  readonly id: number;
  /** Seconds since 1970, as the API's JSON has it. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: `${string}EventDetails`]: Readonly<Record<string, unknown>>;
}

/** The history of one execution, written to its file event by event, so that a crash leaves it behind. */
export interface History {
  /** State transitions so far, as AWS bills them: every state entered or tried again, and the start. */
  readonly transitions: number;
  record(event: InterpreterEvent): void;
}

export interface HistoryOptions {
  readonly file: string;
  readonly now: () => number;
  /** The states that are distributed Maps; the interpreter takes them for tasks. */
  readonly mapStates: ReadonlySet<string>;
}

export const createHistory = ({ file, now, mapStates }: HistoryOptions): History => {
  mkdirSync(dirname(file), { recursive: true });
  let id = 0;
  let transitions = 1;
  return {
    get transitions() {
      return transitions;
    },
    record(event) {
      if (event.type === 'StateEntered' || event.type === 'StateRetried') transitions += 1;
      const described = describe(event, mapStates);
      if (described === undefined) return;
      id += 1;
      appendFileSync(file, `${JSON.stringify({ id, timestamp: now() / 1000, ...described })}\n`);
    },
  };
};

export const readHistory = (file: string): HistoryEvent[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** In AWS's words; undefined for what AWS has no event for. */
const describe = (event: InterpreterEvent, mapStates: ReadonlySet<string>) => {
  switch (event.type) {
    case 'ExecutionStarted':
      return { type: event.type, executionStartedEventDetails: { input: JSON.stringify(event.input) } };
    case 'ExecutionSucceeded':
      return { type: event.type, executionSucceededEventDetails: { output: JSON.stringify(event.output) } };
    case 'ExecutionFailed':
      return { type: event.type, executionFailedEventDetails: { error: event.Error, cause: event.Cause } };
    case 'ExecutionAborted':
      return { type: event.type };
    case 'ExecutionTimeout':
      return { type: 'ExecutionTimedOut' };
    case 'StateEntered': {
      const { name, type, input } = event.state;
      const kind = mapStates.has(name) ? 'Map' : type;
      return { type: `${kind}StateEntered`, stateEnteredEventDetails: { name, input: JSON.stringify(input) } };
    }
    case 'StateExited': {
      const { name, type, output } = event.state;
      const kind = mapStates.has(name) ? 'Map' : type;
      return { type: `${kind}StateExited`, stateExitedEventDetails: { name, output: JSON.stringify(output) } };
    }
    case 'StateFailed':
      return mapStates.has(event.state.name)
        ? { type: 'MapRunFailed', mapRunFailedEventDetails: { error: event.Error, cause: event.Cause } }
        : {
            type: 'LambdaFunctionFailed',
            lambdaFunctionFailedEventDetails: { error: event.Error, cause: event.Cause },
          };
    default:
      return undefined;
  }
};

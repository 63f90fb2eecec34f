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
  /** What the states are that the interpreter takes for tasks, by their names. */
  readonly kinds: ReadonlyMap<string, 'Map' | 'Wait'>;
}

export const createHistory = ({ file, now, kinds }: HistoryOptions): History => {
  mkdirSync(dirname(file), { recursive: true });
  let id = 0;
  let transitions = 1;
  return {
    get transitions() {
      return transitions;
    },
    record(event) {
      if (event.type === 'StateEntered' || event.type === 'StateRetried') transitions += 1;
      const described = describe(event, kinds);
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
const describe = (event: InterpreterEvent, kinds: HistoryOptions['kinds']) => {
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
      return {
        type: `${kinds.get(name) ?? type}StateEntered`,
        stateEnteredEventDetails: { name, input: JSON.stringify(input) },
      };
    }
    case 'StateExited': {
      const { name, type, output } = event.state;
      return {
        type: `${kinds.get(name) ?? type}StateExited`,
        stateExitedEventDetails: { name, output: JSON.stringify(output) },
      };
    }
    case 'StateFailed':
      return failureOf(kinds.get(event.state.name), { error: event.Error, cause: event.Cause });
    default:
      return undefined;
  }
};

const failureOf = (kind: 'Map' | 'Wait' | undefined, details: Readonly<Record<string, unknown>>) => {
  if (kind === 'Wait') return undefined;
  return kind === 'Map'
    ? { type: 'MapRunFailed', mapRunFailedEventDetails: details }
    : { type: 'LambdaFunctionFailed', lambdaFunctionFailedEventDetails: details };
};

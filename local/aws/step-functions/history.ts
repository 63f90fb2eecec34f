import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StateMachine } from 'aws-local-stepfunctions';

type EventStream = ReturnType<StateMachine['run']>['eventLogs'];
export type InterpreterEvent = EventStream extends AsyncGenerator<infer Event> ? Event : never;

/** An event of `GetExecutionHistory`. Its details depend on the type. */
export interface HistoryEvent {
  readonly id: number;
  /** Seconds since 1970, as in the API's JSON. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: `${string}EventDetails`]: Readonly<Record<string, unknown>>;
}

/** The history of one execution. Every event is written immediately, so that it survives a crash. */
export interface History {
  /** State transitions so far, as AWS bills them: every state entered or retried, and the start. */
  readonly transitions: number;
  record(event: InterpreterEvent): void;
}

export interface HistoryOptions {
  readonly file: string;
  readonly now: () => number;
  /** The real types of states that the interpreter runs as tasks, by their names. */
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

/** Converts an event to AWS's format. Undefined if AWS has no such event. */
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

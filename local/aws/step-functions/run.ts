import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ExecutionAbortedError, ExecutionError, type StateMachine } from 'aws-local-stepfunctions';
import PQueue from 'p-queue';
import type { InvocationResult } from '../functions/protocol.ts';
import { type DistributedMap, type Level, mapInputSchema, START_TIME } from './definition.ts';
import { dataLimitExceeded, fitsState, StateFailure } from './faults.ts';
import { createHistory, type InterpreterEvent } from './history.ts';
import { createWaiting, type WaitingOptions } from './waiting.ts';

export type Json = Parameters<StateMachine['run']>[0];

/** Ending of an execution, with the statuses of `DescribeExecution`. */
export type Ending =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'TIMED_OUT' | 'ABORTED' };

/** A running execution: one level of a state machine with one input. */
export interface Run {
  /** Never rejects. A failure is an ending. */
  readonly ended: Promise<Ending>;
  /** Resolves when one of its own Wait states waits, with the time at which it continues. */
  waiting(): Promise<number>;
  /** State transitions so far, including those of the children of distributed Maps. */
  transitions(): number;
  stop(): void;
}

export interface RunOptions extends WaitingOptions {
  readonly arn: string;
  readonly name: string;
  readonly input: Json;
  /** Directory of the history: `<directory>/<name>.jsonl`, and `<directory>/<name>/` for its children. */
  readonly directory: string;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

/** AWS's default for concurrent children. */
const DEFAULT_CONCURRENCY = 10_000;

export const startRun = (level: Level, options: RunOptions): Run => {
  const { clock } = options;
  const startedAt = clock.now();
  const children = new Set<Run>();
  const context = {
    Execution: { Id: options.arn, Name: options.name },
    [START_TIME]: new Date(startedAt).toISOString(),
  };
  const history = createHistory({
    file: join(options.directory, `${options.name}.jsonl`),
    now: clock.now,
    kinds: new Map([
      ...[...level.maps.keys()].map((name) => [name, 'Map'] as const),
      ...[...level.waits].map((name) => [name, 'Wait'] as const),
    ]),
  });
  let finishedTransitions = 0;
  const over = new AbortController();
  let verdict: Verdict | undefined;

  const runChild: RunChild = async (child, input) => {
    if (over.signal.aborted) return { status: 'ABORTED' };
    const name = randomUUID();
    const arn = `${options.arn.replace(':execution:', ':mapRunExecution:')}:${name}`;
    const run = startRun(child, { ...options, arn, name, input, directory: join(options.directory, options.name) });
    children.add(run);
    const ending = await run.ended;
    finishedTransitions += run.transitions();
    children.delete(run);
    return ending;
  };
  const stop = () => {
    execution.abort();
    over.abort();
    for (const child of children) child.stop();
  };
  const endAs = (ending: Verdict) => {
    verdict ??= ending;
    stop();
  };
  const watch = (event: InterpreterEvent) => {
    history.record(withVerdict(verdict, event));
    const oversized = oversizedData(event);
    if (oversized !== undefined) endAs(failureOf(dataLimitExceeded(oversized)));
  };

  const waiting = createWaiting(options, over.signal);
  const waitHandlers = [...level.waits].map((name) => [name, waiting.handle]);
  const taskHandlers = [...level.tasks].map(([name, resource]) => [
    name,
    callFunction(name, resource, options, over.signal),
  ]);
  const mapHandlers = [...level.maps].map(([name, map]) => [name, runMap(map, context, runChild)]);
  const execution = level.interpreter.run(options.input, {
    context,
    overrides: { taskResourceLocalHandlers: Object.fromEntries([...taskHandlers, ...mapHandlers, ...waitHandlers]) },
  });
  if (level.timeoutSeconds !== undefined) {
    const deadline = clock.sleepUntil(startedAt + level.timeoutSeconds * 1000, over.signal);
    deadline.then(() => endAs({ status: 'TIMED_OUT' })).catch(() => {});
  }
  const watched = drain(execution.eventLogs, watch);
  const ended = execution.result
    .then((output): Ending => ({ status: 'SUCCEEDED', output: JSON.stringify(output) }), endingOf)
    .then(async (ending): Promise<Ending> => {
      await watched;
      // Cancels the deadline, and stops the children of a Map that timed out.
      stop();
      return verdict ?? ending;
    });

  return {
    ended,
    stop,
    waiting: waiting.begun,
    transitions: () =>
      history.transitions + finishedTransitions + [...children].reduce((sum, child) => sum + child.transitions(), 0),
  };
};

const drain = async (events: AsyncIterable<InterpreterEvent>, watch: (event: InterpreterEvent) => void) => {
  for await (const event of events) watch(event);
};

const oversizedData = (event: InterpreterEvent): string | undefined => {
  if (event.type === 'StateEntered' && !fitsState(JSON.stringify(event.state.input))) {
    return `The input of ${event.state.name}`;
  }
  if (event.type === 'StateExited' && !fitsState(JSON.stringify(event.state.output))) {
    return `The output of ${event.state.name}`;
  }
  return undefined;
};

const endingOf = (thrown: unknown): Ending => {
  if (thrown instanceof ExecutionAbortedError) return { status: 'ABORTED' };
  const failure = thrown instanceof ExecutionError ? thrown.cause : thrown;
  return failure instanceof Error
    ? failureOf(failure)
    : { status: 'FAILED', error: 'States.Runtime', cause: String(failure) };
};

const failureOf = ({ name, message }: Error) => ({ status: 'FAILED', error: name, cause: message }) as const;

/** The reason for ending an execution from outside, which the interpreter reports only as aborted. */
type Verdict = Extract<Ending, { readonly status: 'FAILED' }> | { readonly status: 'TIMED_OUT' };

const withVerdict = (verdict: Verdict | undefined, event: InterpreterEvent): InterpreterEvent => {
  if (event.type !== 'ExecutionAborted' || verdict === undefined) return event;
  return verdict.status === 'FAILED'
    ? { ...event, type: 'ExecutionFailed', Error: verdict.error, Cause: verdict.cause }
    : { ...event, type: 'ExecutionTimeout' };
};

const callFunction =
  (stateName: string, functionArn: string, { invoke }: RunOptions, over: AbortSignal) =>
  async (input: Json) => {
    // The interpreter retries a failed state even after the execution has ended.
    if (over.aborted) throw new StateFailure('States.Aborted', 'The execution is over.', { final: true });
    const payload = JSON.stringify(input);
    if (!fitsState(payload)) throw dataLimitExceeded(`The input of ${stateName}`);
    const result = await invoke(functionArn, payload);
    if (!result.ok) throw new StateFailure(result.failure.errorType, JSON.stringify(result.failure));
    if (!fitsState(result.payload)) throw dataLimitExceeded(`The output of ${stateName}`);
    const answer: Json = JSON.parse(result.payload);
    return answer;
  };

type RunChild = (level: Level, input: Json) => Promise<Ending>;

/**
 * Runs a child for every item and returns the outputs of those that succeed. Fails if more children fail than the Map
 * tolerates.
 */
const runMap =
  (map: DistributedMap, context: object, runChild: RunChild) =>
  async (input: Json): Promise<Json> => {
    const { items, concurrency, state } = mapInputSchema.parse(input);
    const queue = new PQueue({ concurrency: concurrency === 0 ? DEFAULT_CONCURRENCY : concurrency });
    const select = async (item: Json, index: number): Promise<Json> => {
      if (map.selector === undefined) return item;
      return map.selector.run(state, { context: { ...context, Map: { Item: { Index: index, Value: item } } } }).result;
    };
    const endings = await Promise.all(
      items.map((item, index) => queue.add(async () => runChild(map.children, await select(item, index)))),
    );
    const outputs = endings.flatMap((ending) => (ending.status === 'SUCCEEDED' ? [JSON.parse(ending.output)] : []));
    const failedPercentage = (100 * (items.length - outputs.length)) / Math.max(1, items.length);
    if (failedPercentage > map.toleratedFailurePercentage) {
      throw new StateFailure(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      );
    }
    return outputs;
  };

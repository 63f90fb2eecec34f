import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  type StateMachine,
} from 'aws-local-stepfunctions';
import PQueue from 'p-queue';
import type { InvocationResult } from '../functions/protocol.ts';
import { type DistributedMap, type Level, mapInputSchema } from './definition.ts';
import { dataLimitExceeded, fitsState, StateFailure } from './faults.ts';
import { createHistory, type InterpreterEvent } from './history.ts';

export type Json = Parameters<StateMachine['run']>[0];

/** How an execution ended, in the words of `DescribeExecution`. */
export type Ending =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'TIMED_OUT' | 'ABORTED' };

/** An execution under way: a level of a state machine at work on one input. */
export interface Run {
  /** Never rejects: failing is an ending. */
  readonly ended: Promise<Ending>;
  /** So far, those of its distributed Maps' children included. */
  transitions(): number;
  stop(): void;
}

export interface RunOptions {
  readonly arn: string;
  readonly name: string;
  readonly input: Json;
  /** Where its history goes: `<directory>/<name>.jsonl`, and `<directory>/<name>/` for its children. */
  readonly directory: string;
  readonly now: () => number;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

/** As many children at a time as AWS runs when nobody says. */
const DEFAULT_CONCURRENCY = 10_000;

export const startRun = (level: Level, options: RunOptions): Run => {
  const children = new Set<Run>();
  const context = { Execution: { Id: options.arn, Name: options.name } };
  const history = createHistory({
    file: join(options.directory, `${options.name}.jsonl`),
    now: options.now,
    mapStates: new Set(level.maps.keys()),
  });
  let finishedTransitions = 0;
  let stopped = false;
  let overLimit: StateFailure | undefined;

  const runChild: RunChild = async (child, input) => {
    if (stopped) return { status: 'ABORTED' };
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
    stopped = true;
    execution.abort();
    for (const child of children) child.stop();
  };
  const watch = (event: InterpreterEvent) => {
    history.record(event);
    const oversized = tooLarge(event);
    if (oversized === undefined || overLimit !== undefined) return;
    overLimit = dataLimitExceeded(oversized);
    stop();
  };

  const taskHandlers = [...level.tasks].map(([name, resource]) => [name, callFunction(name, resource, options)]);
  const mapHandlers = [...level.maps].map(([name, map]) => [name, runMap(map, context, runChild)]);
  const execution = level.interpreter.run(options.input, {
    context,
    overrides: { taskResourceLocalHandlers: Object.fromEntries([...taskHandlers, ...mapHandlers]) },
  });
  const watched = drain(execution.eventLogs, watch);
  const ended = execution.result
    .then((output): Ending => ({ status: 'SUCCEEDED', output: JSON.stringify(output) }), endingOf)
    .then(async (ending): Promise<Ending> => {
      await watched;
      // A machine that runs out of time leaves its Map's children behind.
      if (ending.status !== 'SUCCEEDED') stop();
      return overLimit === undefined ? ending : { status: 'FAILED', error: overLimit.name, cause: overLimit.message };
    });

  return {
    ended,
    stop,
    transitions: () =>
      history.transitions + finishedTransitions + [...children].reduce((sum, child) => sum + child.transitions(), 0),
  };
};

const drain = async (events: AsyncIterable<InterpreterEvent>, watch: (event: InterpreterEvent) => void) => {
  for await (const event of events) watch(event);
};

const tooLarge = (event: InterpreterEvent): string | undefined => {
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
  if (thrown instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT' };
  const failure = thrown instanceof ExecutionError ? thrown.cause : thrown;
  return failure instanceof Error
    ? { status: 'FAILED', error: failure.name, cause: failure.message }
    : { status: 'FAILED', error: 'States.Runtime', cause: String(failure) };
};

const callFunction =
  (stateName: string, functionArn: string, { invoke }: RunOptions) =>
  async (input: Json) => {
    const payload = JSON.stringify(input);
    if (!fitsState(payload)) throw dataLimitExceeded(`The input of ${stateName}`);
    const result = await invoke(functionArn, payload);
    if (!result.ok) throw new StateFailure(result.failure.errorType, JSON.stringify(result.failure));
    if (!fitsState(result.payload)) throw dataLimitExceeded(`The answer of ${stateName}`);
    const answer: Json = JSON.parse(result.payload);
    return answer;
  };

type RunChild = (level: Level, input: Json) => Promise<Ending>;

/**
 * Runs a child for every item. Children that fail are left out of what comes back, as long as no more of them fail than
 * the Map tolerates.
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

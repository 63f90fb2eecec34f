import validate from 'asl-validator';
import { StateMachine } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { type MapState, machineSchema, type State, type WaitState } from './language.ts';

/** One level of a state machine: the machine itself, or the item processor of a distributed Map. */
export interface Level {
  readonly interpreter: StateMachine;
  /** The function that each Task state calls, by the state's name. */
  readonly tasks: ReadonlyMap<string, string>;
  /** The distributed Maps of this level, by the state's name. */
  readonly maps: ReadonlyMap<string, DistributedMap>;
  /** The names of the Wait states. */
  readonly waits: ReadonlySet<string>;
  readonly timeoutSeconds: number | undefined;
}

export interface DistributedMap {
  readonly children: Level;
  readonly toleratedFailurePercentage: number;
  /** Creates the input of one child. Undefined if the item itself is the input. */
  readonly selector: StateMachine | undefined;
}

/** Context field with the start time. The interpreter would use the machine's own clock. */
export const START_TIME = 'StartedAt';

/** Input of the handler that runs the children of a distributed Map. */
export const mapInputSchema = z.object({
  items: z.array(z.json()),
  concurrency: z.int().min(0),
  state: z.json(),
});

export interface DefinitionOptions {
  /** Factor for the waits before retries. 1 keeps them unchanged. */
  readonly waitScale: number;
}

/**
 * Definitions that were already validated. The validator compiles its schemas again for each, which takes longer than
 * all other work.
 */
const valid = new Set<string>();

/**
 * Reads a state machine's definition.
 * @throws if it is invalid, or uses a feature that behaves differently here than on AWS.
 */
export const loadDefinition = (name: string, text: string, options: DefinitionOptions): Level => {
  const raw = z.record(z.string(), z.json()).parse(JSON.parse(text));
  if (!valid.has(text)) {
    // A copy, because the validator modifies its input.
    const verdict = validate(structuredClone(raw), { checkArn: true, checkPaths: true });
    if (!verdict.isValid) throw new Error(`State machine ${name} is not valid:\n${verdict.errorsText('\n')}`);
    valid.add(text);
  }
  const parsed = machineSchema.safeParse(
    JSON.parse(text.replaceAll('$$.Execution.StartTime', () => `$$.${START_TIME}`)),
  );
  if (!parsed.success) {
    throw new Error(
      `State machine ${name} uses features that local mode does not support:\n${z.prettifyError(parsed.error)}`,
    );
  }
  refuseContextPaths(name, text);
  return levelOf(parsed.data, options);
};

/** Rejects context fields that the interpreter sets differently: times, and a child's view of its parent. */
const refuseContextPaths = (name: string, text: string) => {
  const unsupported = text.match(
    /\$\$\.(?!Execution\.(Name|Id|Input|StartTime)\b|Map\.Item\.(Value|Index)\b)[\w.]*/,
  )?.[0];
  if (unsupported !== undefined)
    throw new Error(`State machine ${name} uses ${unsupported}, which local mode does not support.`);
};

type LevelDefinition = Pick<z.infer<typeof machineSchema>, 'StartAt' | 'States'> & { readonly TimeoutSeconds?: number };

const levelOf = ({ StartAt, States, TimeoutSeconds }: LevelDefinition, options: DefinitionOptions): Level => {
  const tasks = new Map<string, string>();
  const maps = new Map<string, DistributedMap>();
  const waits = new Set<string>();
  const runnable: Record<string, unknown> = {};
  for (const [name, state] of Object.entries(States)) {
    if (state.Type === 'Task') tasks.set(name, state.Resource);
    if (state.Type === 'Map') maps.set(name, mapOf(state, options));
    if (state.Type === 'Wait') waits.add(name);
    runnable[name] = withScaledRetries(asRunnable(state), options);
  }
  return {
    interpreter: interpret({ StartAt, States: runnable }),
    tasks,
    maps,
    waits,
    timeoutSeconds: TimeoutSeconds,
  };
};

/** Skips the interpreter's own validator. A newer one has already validated the definition. */
const interpret = (definition: object): StateMachine => {
  if (!isRunnable(definition)) throw new Error('A state machine must have StartAt and States.');
  return new StateMachine(definition, { validationOptions: { noValidate: true } });
};

type Runnable = ConstructorParameters<typeof StateMachine>[0];
const isRunnable = (definition: object): definition is Runnable => 'StartAt' in definition && 'States' in definition;

const mapOf = (state: MapState, options: DefinitionOptions): DistributedMap => ({
  children: levelOf(state.ItemProcessor, options),
  toleratedFailurePercentage: state.ToleratedFailurePercentage,
  selector:
    state.ItemSelector === undefined
      ? undefined
      : interpret({
          StartAt: 'Select',
          States: { Select: { Type: 'Pass', Parameters: state.ItemSelector, End: true } },
        }),
});

/** Converts Map and Wait states to tasks with local handlers. */
const asRunnable = (state: State) => {
  if (state.Type === 'Map') return mapAsTask(state);
  return state.Type === 'Wait' ? waitAsTask(state) : state;
};

/** Real time, close to the interpreter's maximum for a task. */
const MAX_TASK_TIMEOUT = { TimeoutSeconds: 2_000_000 };

/** The interpreter's own waits use the machine's clock and are limited to 31 bits of milliseconds. */
const waitAsTask = ({ Seconds, SecondsPath, ...kept }: WaitState) => ({
  ...kept,
  ...MAX_TASK_TIMEOUT,
  Type: 'Task',
  Resource: 'wait',
  Parameters: SecondsPath === undefined ? { seconds: Seconds } : { 'seconds.$': SecondsPath },
  ResultPath: null,
});

/** The children of a distributed Map are separate executions. */
const mapAsTask = (state: MapState) => {
  const {
    ItemsPath,
    MaxConcurrency = 0,
    MaxConcurrencyPath,
    Type: _,
    ItemProcessor: __,
    ItemSelector: ___,
    ...kept
  } = state;
  return {
    ...kept,
    ...MAX_TASK_TIMEOUT,
    Type: 'Task',
    Resource: 'distributed-map',
    Parameters: {
      'items.$': ItemsPath,
      'state.$': '$',
      ...(MaxConcurrencyPath === undefined ? { concurrency: MaxConcurrency } : { 'concurrency.$': MaxConcurrencyPath }),
    },
  };
};

const withScaledRetries = (state: ReturnType<typeof asRunnable>, { waitScale }: DefinitionOptions) => ({
  ...state,
  ...('Retry' in state && {
    Retry: state.Retry?.map((retrier) => ({
      ...retrier,
      IntervalSeconds: (retrier.IntervalSeconds ?? 1) * waitScale,
      ...(retrier.MaxDelaySeconds !== undefined && { MaxDelaySeconds: retrier.MaxDelaySeconds * waitScale }),
    })),
  }),
});

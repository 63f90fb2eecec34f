import validate from 'asl-validator';
import { StateMachine } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { type MapState, machineSchema, type State, type WaitState } from './language.ts';

/** One level of a state machine: the machine itself, or what a distributed Map runs for each item. */
export interface Level {
  readonly interpreter: StateMachine;
  /** The function that each Task state calls, by the state's name. */
  readonly tasks: ReadonlyMap<string, string>;
  /** What each distributed Map of this level runs, by the state's name. */
  readonly maps: ReadonlyMap<string, DistributedMap>;
  /** The names of the Wait states. */
  readonly waits: ReadonlySet<string>;
  readonly timeoutSeconds: number | undefined;
}

export interface DistributedMap {
  readonly children: Level;
  readonly toleratedFailurePercentage: number;
  /** Makes the input of one child; undefined when the item itself is the input. */
  readonly selector: StateMachine | undefined;
}

/** Where runs find in their context what the interpreter would take from the machine's own clock. */
export const START_TIME = 'StartedAt';

/** What a distributed Map's state hands to whoever runs its children. */
export const mapInputSchema = z.object({
  items: z.array(z.json()),
  concurrency: z.int().min(0),
  state: z.json(),
});

export interface DefinitionOptions {
  /** What the waits before retries are multiplied with; 1 leaves them alone. */
  readonly waitScale: number;
}

/** Definitions that the validator has seen: it compiles its own schemas anew for each, which takes longer than all else. */
const valid = new Set<string>();

/**
 * Reads a state machine's definition.
 * @throws when it is not valid, or uses what does not run here as it does on AWS.
 */
export const loadDefinition = (name: string, text: string, options: DefinitionOptions): Level => {
  const raw = z.record(z.string(), z.json()).parse(JSON.parse(text));
  if (!valid.has(text)) {
    // A copy, because the validator writes into what it is given.
    const verdict = validate(structuredClone(raw), { checkArn: true, checkPaths: true });
    if (!verdict.isValid) throw new Error(`State machine ${name} is not valid:\n${verdict.errorsText('\n')}`);
    valid.add(text);
  }
  const parsed = machineSchema.safeParse(
    JSON.parse(text.replaceAll('$$.Execution.StartTime', () => `$$.${START_TIME}`)),
  );
  if (!parsed.success) {
    throw new Error(`State machine ${name} uses what local mode cannot run:\n${z.prettifyError(parsed.error)}`);
  }
  refuseContextPaths(name, text);
  return levelOf(parsed.data, options);
};

/** What of the context object the interpreter fills in differently: times, and a child's view of its parent. */
const refuseContextPaths = (name: string, text: string) => {
  const strange = text.match(/\$\$\.(?!Execution\.(Name|Id|Input|StartTime)\b|Map\.Item\.(Value|Index)\b)[\w.]*/)?.[0];
  if (strange !== undefined) throw new Error(`State machine ${name} uses ${strange}, which local mode cannot tell.`);
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

/** Validated already, and by a newer validator than the interpreter's own. */
const interpret = (definition: object): StateMachine => {
  if (!isRunnable(definition)) throw new Error('A state machine needs StartAt and States.');
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

/** What is not the interpreter's own business is a task to it, with a handler of ours. */
const asRunnable = (state: State) => {
  if (state.Type === 'Map') return mapAsTask(state);
  return state.Type === 'Wait' ? waitAsTask(state) : state;
};

/** Of real time, and near the longest that the interpreter can wait for a task. */
const AS_LONG_AS_IT_TAKES = { TimeoutSeconds: 2_000_000 };

/** Its own waits follow the machine's clock, and end after 31 bits of milliseconds. */
const waitAsTask = ({ Seconds, SecondsPath, ...kept }: WaitState) => ({
  ...kept,
  ...AS_LONG_AS_IT_TAKES,
  Type: 'Task',
  Resource: 'wait',
  Parameters: SecondsPath === undefined ? { seconds: Seconds } : { 'seconds.$': SecondsPath },
  ResultPath: null,
});

/** The children of a distributed Map are executions of their own. */
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
    ...AS_LONG_AS_IT_TAKES,
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

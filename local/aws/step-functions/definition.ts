import validate from 'asl-validator';
import { StateMachine } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { type MapState, machineSchema, type State } from './language.ts';

/** One level of a state machine: the machine itself, or what a distributed Map runs for each item. */
export interface Level {
  readonly interpreter: StateMachine;
  /** The function that each Task state calls, by the state's name. */
  readonly tasks: ReadonlyMap<string, string>;
  /** What each distributed Map of this level runs, by the state's name. */
  readonly maps: ReadonlyMap<string, DistributedMap>;
}

export interface DistributedMap {
  readonly children: Level;
  readonly toleratedFailurePercentage: number;
  /** Makes the input of one child; undefined when the item itself is the input. */
  readonly selector: StateMachine | undefined;
}

/** What a distributed Map's state hands to whoever runs its children. */
export const mapInputSchema = z.object({
  items: z.array(z.json()),
  concurrency: z.int().min(0),
  state: z.json(),
});

export interface DefinitionOptions {
  /** What the waits before retries, and Wait states, are multiplied with; 1 leaves them alone. */
  readonly waitScale: number;
}

/**
 * Reads a state machine's definition.
 * @throws when it is not valid, or uses what does not run here as it does on AWS.
 */
export const loadDefinition = (name: string, text: string, options: DefinitionOptions): Level => {
  const raw = z.record(z.string(), z.json()).parse(JSON.parse(text));
  // A copy, because the validator writes into what it is given.
  const verdict = validate(structuredClone(raw), { checkArn: true, checkPaths: true });
  if (!verdict.isValid) throw new Error(`State machine ${name} is not valid:\n${verdict.errorsText('\n')}`);
  const parsed = machineSchema.safeParse(raw);
  if (!parsed.success) {
    throw new Error(`State machine ${name} uses what local mode cannot run:\n${z.prettifyError(parsed.error)}`);
  }
  refuseContextPaths(name, text);
  return levelOf(parsed.data, options);
};

/** What of the context object the interpreter fills in differently: real times, and a child's view of its parent. */
const refuseContextPaths = (name: string, text: string) => {
  const strange = text.match(/\$\$\.(?!Execution\.(Name|Id|Input)\b|Map\.Item\.(Value|Index)\b)[\w.]*/)?.[0];
  if (strange !== undefined) throw new Error(`State machine ${name} uses ${strange}, which local mode cannot tell.`);
};

type LevelDefinition = Pick<z.infer<typeof machineSchema>, 'StartAt' | 'States'> & { readonly TimeoutSeconds?: number };

const levelOf = ({ StartAt, States, TimeoutSeconds }: LevelDefinition, options: DefinitionOptions): Level => {
  const tasks = new Map<string, string>();
  const maps = new Map<string, DistributedMap>();
  const runnable: Record<string, unknown> = {};
  for (const [name, state] of Object.entries(States)) {
    if (state.Type === 'Task') tasks.set(name, state.Resource);
    if (state.Type === 'Map') maps.set(name, mapOf(state, options));
    runnable[name] = withScaledWaits(state.Type === 'Map' ? asTask(state) : state, options);
  }
  return {
    interpreter: interpret({ StartAt, States: runnable, ...(TimeoutSeconds && { TimeoutSeconds }) }),
    tasks,
    maps,
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

/** The children of a distributed Map are executions of their own, so to the interpreter such a Map is a long task. */
const asTask = (state: MapState) => {
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
    Type: 'Task',
    Resource: 'distributed-map',
    TimeoutSeconds: 2_000_000,
    Parameters: {
      'items.$': ItemsPath,
      'state.$': '$',
      ...(MaxConcurrencyPath === undefined ? { concurrency: MaxConcurrency } : { 'concurrency.$': MaxConcurrencyPath }),
    },
  };
};

const withScaledWaits = (state: State | ReturnType<typeof asTask>, { waitScale }: DefinitionOptions) => ({
  ...state,
  ...('Seconds' in state && { Seconds: state.Seconds * waitScale }),
  ...('Retry' in state && {
    Retry: state.Retry?.map((retrier) => ({
      ...retrier,
      IntervalSeconds: (retrier.IntervalSeconds ?? 1) * waitScale,
      ...(retrier.MaxDelaySeconds !== undefined && { MaxDelaySeconds: retrier.MaxDelaySeconds * waitScale }),
    })),
  }),
});

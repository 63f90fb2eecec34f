import * as z from 'zod';

/**
 * The part of the Amazon States Language that runs the same on AWS and on `aws-local-stepfunctions` 3. Every field that
 * is not named here is refused, because the interpreter ignores what it does not know; so are the few fields that it
 * knows but reads differently.
 */

/** The interpreter hands its timeouts to `setTimeout`, which takes 31 bits of milliseconds. */
const LONGEST_TIMEOUT_SECONDS = 2_147_483;
const taskTimeout = z.int().min(1).max(LONGEST_TIMEOUT_SECONDS);

/** Source: developer guide, "Wait workflow state" and "State machine structure". */
const LONGEST_SECONDS = 99_999_999;
export const waitSeconds = z.int().min(0).max(LONGEST_SECONDS);
const machineTimeout = z.int().min(1).max(LONGEST_SECONDS);

const json = z.json();
const path = z.string().startsWith('$').nullable();
// `$` alone is the default, and the interpreter would make a field of that name.
const resultPath = z.string().startsWith('$.').nullable();

const flow = { Type: z.string(), Comment: z.string().exactOptional(), InputPath: path.exactOptional() };
const output = { OutputPath: path.exactOptional() };
const transition = { Next: z.string().exactOptional(), End: z.literal(true).exactOptional() };
const result = { ResultSelector: json.exactOptional(), ResultPath: resultPath.exactOptional(), ...output };

const retrier = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.number().min(1).exactOptional(),
  MaxAttempts: z.int().min(0).exactOptional(),
  BackoffRate: z.number().min(1).exactOptional(),
  MaxDelaySeconds: z.number().min(1).exactOptional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).exactOptional(),
});
const catcher = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  Next: z.string(),
  ResultPath: resultPath.exactOptional(),
});
const failureHandling = { Retry: z.array(retrier).exactOptional(), Catch: z.array(catcher).exactOptional() };

// The interpreter never matches `"IsPresent": false` and its like.
const choiceRule = z
  .record(z.string(), json)
  .refine((rule) => !/"Is\w+":false/.test(JSON.stringify(rule)), 'write Not around a test for presence or type');

const task = z.strictObject({
  ...flow,
  ...transition,
  ...result,
  ...failureHandling,
  Type: z.literal('Task'),
  Resource: z.string(),
  Parameters: json.exactOptional(),
  // Without one the interpreter waits for a minute, and AWS for ever.
  TimeoutSeconds: taskTimeout,
});

const pass = z.strictObject({
  ...flow,
  ...transition,
  ...output,
  Type: z.literal('Pass'),
  Parameters: json.exactOptional(),
  Result: json.exactOptional(),
  ResultPath: resultPath.exactOptional(),
});

const choice = z.strictObject({
  ...flow,
  ...output,
  Type: z.literal('Choice'),
  Choices: z.array(choiceRule).min(1),
  Default: z.string().exactOptional(),
});

const wait = z.strictObject({
  ...transition,
  Type: z.literal('Wait'),
  Comment: z.string().exactOptional(),
  Seconds: waitSeconds.exactOptional(),
  SecondsPath: z.string().startsWith('$').exactOptional(),
});
export type WaitState = z.infer<typeof wait>;

const succeed = z.strictObject({ ...flow, ...output, Type: z.literal('Succeed') });

const fail = z.strictObject({
  Type: z.literal('Fail'),
  Comment: z.string().exactOptional(),
  Error: z.string().exactOptional(),
  ErrorPath: z.string().exactOptional(),
  Cause: z.string().exactOptional(),
  CausePath: z.string().exactOptional(),
});

/** A Map in distributed mode over an array in state, with children of type Standard. */
const map = z.strictObject({
  ...flow,
  ...transition,
  ...result,
  ...failureHandling,
  Type: z.literal('Map'),
  Label: z.string().exactOptional(),
  ItemsPath: z.string().startsWith('$').default('$'),
  ItemSelector: json.exactOptional(),
  MaxConcurrency: z.int().min(0).exactOptional(),
  MaxConcurrencyPath: z.string().startsWith('$').exactOptional(),
  ToleratedFailurePercentage: z.number().min(0).max(100).default(0),
  ItemProcessor: z.strictObject({
    ProcessorConfig: z.strictObject({ Mode: z.literal('DISTRIBUTED'), ExecutionType: z.literal('STANDARD') }),
    StartAt: z.string(),
    get States() {
      return states;
    },
  }),
});
export type MapState = z.infer<typeof map>;

const state = z.discriminatedUnion('Type', [task, pass, choice, wait, succeed, fail, map]);
export type State = z.infer<typeof state>;

const states: z.ZodType<Record<string, State>> = z.lazy(() => z.record(z.string(), state));

export const machineSchema = z.strictObject({
  Comment: z.string().exactOptional(),
  QueryLanguage: z.literal('JSONPath').exactOptional(),
  StartAt: z.string(),
  States: states,
  TimeoutSeconds: machineTimeout.exactOptional(),
});

import * as z from 'zod';

/**
 * The part of the Amazon States Language that behaves the same on AWS and in `aws-local-stepfunctions` 3. Every other
 * field is rejected, because the interpreter ignores unknown fields. Also rejected are the few fields that it
 * interprets differently.
 */

/** The interpreter passes its timeouts to `setTimeout`, which is limited to 31 bits of milliseconds. */
const MAX_TIMEOUT_SECONDS = 2_147_483;
const taskTimeout = z.int().min(1).max(MAX_TIMEOUT_SECONDS);

/** Source: developer guide, "Wait workflow state" and "State machine structure". */
const MAX_SECONDS = 99_999_999;
export const waitSeconds = z.int().min(0).max(MAX_SECONDS);
const machineTimeout = z.int().min(1).max(MAX_SECONDS);

const json = z.json();
const path = z.string().startsWith('$').nullable();
// `$` alone is the default, but the interpreter would create a field of that name.
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

// The interpreter never matches `"IsPresent": false` and similar tests.
const choiceRule = z
  .record(z.string(), json)
  .refine((rule) => !/"Is\w+":false/.test(JSON.stringify(rule)), 'use Not with a test for presence or type');

const task = z.strictObject({
  ...flow,
  ...transition,
  ...result,
  ...failureHandling,
  Type: z.literal('Task'),
  Resource: z.string(),
  Parameters: json.exactOptional(),
  // The default of the interpreter is a minute, that of AWS is unlimited.
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

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Clock, createClock } from '#local/aws/clock.ts';
import type { InvocationResult } from '#local/aws/functions/protocol.ts';
import { createStepFunctions, type StepFunctions } from '#local/aws/step-functions/step-functions.ts';

/** State machines whose functions are plain functions. */

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:machine';
const functionArn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
export const task = (name: string, rest: object = { End: true }) => ({
  Type: 'Task',
  Resource: functionArn(name),
  TimeoutSeconds: 60,
  ...rest,
});
export const machine = (StartAt: string, States: object, rest: object = {}) =>
  JSON.stringify({ StartAt, States, ...rest });

type Handler = (input: Record<string, unknown>) => unknown;
const ok = (value: unknown): InvocationResult => ({ ok: true, payload: JSON.stringify(value ?? null) });

let latest: StepFunctions | undefined;
afterEach(() => latest?.close());

/** Loads a machine until the end of the test. A handler returns its answer, or a complete `InvocationResult`. */
export const load = (
  definition: string,
  handlers: Record<string, Handler> = {},
  clock: Clock = createClock(),
): StepFunctions => {
  const byArn = new Map(Object.entries(handlers).map(([name, handler]) => [functionArn(name), handler]));
  latest = createStepFunctions({
    machines: [{ name: 'machine', arn: MACHINE, definition }],
    clock,
    historyDirectory: join(mkdtempSync(join(tmpdir(), 'histories-'))),
    waitScale: 0,
    knowsFunction: (arn) => byArn.has(arn),
    async invoke(arn, payload) {
      const input: Record<string, unknown> = JSON.parse(payload);
      const answer: unknown = await byArn.get(arn)?.(input);
      return isResult(answer) ? answer : ok(answer);
    },
  });
  return latest;
};
const isResult = (value: unknown): value is InvocationResult =>
  typeof value === 'object' && value !== null && 'ok' in value;

export const finish = async (loaded: StepFunctions, input: unknown = {}, name?: string) => {
  const { arn } = loaded.start(MACHINE, JSON.stringify(input), name);
  return loaded.settled(arn);
};

export const outputOf = async (loaded: StepFunctions, input: unknown = {}) => {
  const { ending } = await finish(loaded, input);
  if (ending?.status !== 'SUCCEEDED') throw new Error(`Ended as ${JSON.stringify(ending)}`);
  const output: unknown = JSON.parse(ending.output);
  return output;
};

import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { functionName } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import type { Answer, Invocation } from './lambda-bridge.ts';

type Payload = Invocation['payload'];

const STEPS = { authenticate, ...syncSteps };
/** Name of a step in the sync workflow. */
type StepName = keyof typeof STEPS;

const isStepName = (name: string): name is StepName => Object.hasOwn(STEPS, name);

const stepOf = (functionArn: string): StepName => {
  const found = Object.entries(STEPS).find(([, step]) => functionArn.endsWith(`-${functionName(step)}`))?.[0];
  if (found === undefined || !isStepName(found)) throw new Error(`No step of a sync has the function ${functionArn}.`);
  return found;
};

/** Overrides the answer of a step. Default: its successful answer. */
export type Override = (step: StepName, payload: Payload) => InvocationResult | Promise<InvocationResult> | undefined;

const SUCCESSES: Readonly<Record<StepName, object>> = {
  authenticate: { connection: 'vault', expiresAt: null },
  plan: { status: 'planned', batches: [0], concurrency: 1 },
  request: { leases: [{ item: 0, id: '7', ours: true, status: 'active' }], settled: [], retirements: [] },
  retrieve: { leases: [], settled: [{ item: 0, target: 0, outcome: 'delivered' }], retirements: [] },
  checkin: { closed: 1 },
  report: { status: 'SUCCEEDED' },
};

/** Scripted steps, and the calls that they received. */
export const script = (override: Override = () => undefined) => {
  const calls: { readonly step: StepName; readonly payload: Payload }[] = [];
  const answer: Answer = async ({ functionArn, payload }) => {
    const step = stepOf(functionArn);
    calls.push({ step, payload });
    return (await override(step, payload)) ?? does(SUCCESSES[step]);
  };
  return {
    answer,
    calls,
    payloadsOf: (step: StepName, batch?: number): Payload[] =>
      calls.filter((call) => call.step === step && call.payload.batch === batch).map(({ payload }) => payload),
    stepsOf: (batch?: number): StepName[] =>
      calls.filter(({ payload }) => payload.batch === batch).map(({ step }) => step),
  };
};

export const does = (answer: unknown): InvocationResult => ({ ok: true, payload: JSON.stringify(answer) });
export const fails = (error: string): InvocationResult => failure(error, `what ${error} says`);

/** The same error as the state machine passes it on. */
export const caught = (error: string) => ({
  Error: error,
  Cause: JSON.stringify({ errorType: error, errorMessage: `what ${error} says`, trace: [] }),
});

import { failure, type InvocationResult } from '#local/aws/functions/protocol.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { functionName } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import type { Answer, Invocation } from './lambda-bridge.ts';

type Payload = Invocation['payload'];

const STEPS = { authenticate, ...syncSteps };
/** Of the sync workflow, by what it is called there. */
type StepName = keyof typeof STEPS;

const isStepName = (name: string): name is StepName => Object.hasOwn(STEPS, name);

const stepOf = (functionArn: string): StepName => {
  const found = Object.entries(STEPS).find(([, step]) => functionArn.endsWith(`-${functionName(step)}`))?.[0];
  if (found === undefined || !isStepName(found)) throw new Error(`No step of a sync has the function ${functionArn}.`);
  return found;
};

/** What a step is told to do; without an answer it does what it does on a good day. */
export type Told = (step: StepName, payload: Payload) => InvocationResult | Promise<InvocationResult> | undefined;

const GOOD_DAY: Readonly<Record<StepName, object>> = {
  authenticate: { connection: 'vault', expiresAt: null },
  plan: { status: 'planned', batches: [0], concurrency: 1 },
  request: { leases: [{ item: 0, id: '7', ours: true, status: 'active' }], settled: [], retirements: [] },
  retrieve: { leases: [], settled: [{ item: 0, target: 0, outcome: 'delivered' }], retirements: [] },
  checkin: { closed: 1 },
  report: { status: 'SUCCEEDED' },
};

/** Steps that answer as told, and what they were called with. */
export const script = (told: Told = () => undefined) => {
  const calls: { readonly step: StepName; readonly payload: Payload }[] = [];
  const answer: Answer = async ({ functionArn, payload }) => {
    const step = stepOf(functionArn);
    calls.push({ step, payload });
    return (await told(step, payload)) ?? does(GOOD_DAY[step]);
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

/** What the state machine makes of it. */
export const caught = (error: string) => ({
  Error: error,
  Cause: JSON.stringify({ errorType: error, errorMessage: `what ${error} says`, trace: [] }),
});

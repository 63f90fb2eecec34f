import type { createApply } from '#functions/provision/apply/apply.ts';
import type { createPlanProvision } from '#functions/provision/plan/plan.ts';
import type { createReportProvision } from '#functions/provision/report/report.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { ProvisionStepInput } from '#shared/workflows/provision.ts';

/** Ends an execution: it was stopped, or Step Functions gave up on it. */
export class Stopped extends Error {}

/** Time that a step believes it has left. */
export const STEP_CONTEXT = { remainingMs: () => 900_000 };

const MAX_ATTEMPTS = 3;

interface ProvisionStates {
  readonly rule: string;
  readonly steps: {
    readonly plan: ReturnType<typeof createPlanProvision>;
    readonly apply: ReturnType<typeof createApply>;
    readonly report: ReturnType<typeof createReportProvision>;
  };
  readonly onWait: (seconds: number) => void;
}

/** Retries a step as the state machine does, without the pauses. */
const retried = async <Output>(step: () => Promise<Output>): Promise<Output> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof Stopped || attempt === MAX_ATTEMPTS) throw error;
      if (!(error instanceof RelayError && error.retryable)) throw error;
    }
  }
};

const caught = (error: unknown) => {
  if (error instanceof Stopped) throw error;
  const { name, message } = asRelayError(error, 'A step');
  return { Error: name, Cause: JSON.stringify({ errorType: name, errorMessage: message }) };
};

/** The states of the provisioning workflow, once through. Returns `again` if a later order is to be carried out. */
export const createProvisionPass =
  ({ rule, steps, onWait }: ProvisionStates) =>
  async (run: string, input: string): Promise<'again' | 'succeeded' | 'failed'> => {
    let state: ProvisionStepInput = {
      workflow: 'provision',
      rule,
      run,
      order: { repair: false, ...JSON.parse(input) },
    };
    const apply = async (): Promise<void> => {
      do {
        state = { ...state, applied: await retried(() => steps.apply(state, STEP_CONTEXT)) };
        onWait(state.applied?.waitSeconds ?? 0);
      } while (state.applied?.next !== 'report');
    };
    try {
      state = { ...state, planned: await retried(() => steps.plan(state)) };
      if (state.planned?.task !== 'nothing') await apply();
    } catch (error) {
      state = { ...state, error: caught(error) };
      try {
        if (state.planned !== undefined) await apply();
      } catch (undoError) {
        state = { ...state, undoError: caught(undoError) };
      }
    }
    const { next } = await retried(() => steps.report(state));
    if (next === 'again') return 'again';
    return state.error === undefined ? 'succeeded' : 'failed';
  };

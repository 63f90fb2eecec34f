import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { logger } from '#shared/runtime/log.ts';

/** What a step may know of the invocation that it runs in. */
export interface StepContext {
  /** Milliseconds until Lambda ends the invocation. */
  readonly remainingMs: () => number;
}

interface StepContract<Input extends z.ZodType, Output extends z.ZodType> {
  readonly input: Input;
  readonly output: Output;
}

/** Which run a log line belongs to, whatever the step: taken from the input, which says so under these names. */
const runOf = (input: unknown): Record<string, unknown> => {
  if (typeof input !== 'object' || input === null) return {};
  const { run, order, batch } = input as { run?: unknown; order?: { sync?: unknown }; batch?: unknown };
  return { run, sync: order?.sync, batch };
};

/**
 * A Lambda handler around a step: parses the input, gives each log line the run and the step, logs the outcome and how
 * long it took, and rethrows errors under the name that the workflow acts on. Neither input nor output is logged, and
 * an error leaves without its cause, whose text nobody here wrote.
 */
export const defineHandler =
  <Input extends z.ZodType, Output extends z.ZodType>(
    step: string,
    contract: StepContract<Input, Output>,
    run: (input: z.output<Input>, context: StepContext) => Promise<z.input<Output>>,
  ) =>
  async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<z.output<Output>> => {
    const startedAt = performance.now();
    logger.resetKeys();
    logger.appendKeys({ step, ...runOf(event) });
    const durationMs = (): number => Math.round(performance.now() - startedAt);
    try {
      const input = contract.input.safeParse(event);
      if (!input.success) throw violation(step, 'input', input.error);
      const result = await run(input.data, { remainingMs: () => context.getRemainingTimeInMillis() });
      const output = contract.output.safeParse(result);
      if (!output.success) throw violation(step, 'output', output.error);
      logger.info('step done', { durationMs: durationMs() });
      return output.data;
    } catch (thrown) {
      const { name, message, retryable } = asRelayError(thrown, `The step ${step}`);
      logger.error('step failed', {
        failure: { name, message, retryable, cause: causeNames(thrown) },
        durationMs: durationMs(),
      });
      throw new RelayError(name, message);
    }
  };

const violation = (step: string, side: string, error: z.ZodError): RelayError =>
  new RelayError(
    'ContractViolated',
    `The ${side} of ${step} is not what it should be at ${error.issues.map(({ path, message }) => `${path.join('.') || '(top)'}: ${message}`).join('; ')}`,
  );

/** The names of what is underneath, outermost first: enough to look for, and nothing that somebody else wrote. */
const causeNames = (thrown: unknown): string[] => {
  const names: string[] = [];
  for (let at = thrown; at instanceof Error && names.length < 5; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? ` ${at.code}` : '';
    names.push(`${at.name}${code}`);
  }
  return names;
};

import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { showText } from '#shared/domain/text.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { fit } from '#shared/json-shape.ts';
import { beginInvocation } from '#shared/runtime/invocation.ts';
import { logger } from '#shared/runtime/log.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Invocation context for a step. */
export interface StepContext {
  /** Milliseconds until Lambda ends the invocation. */
  readonly remainingMs: () => number;
}

const keysSchema = z
  .object({ workflow: z.string(), rule: z.string(), run: z.string(), batch: z.number() })
  .partial()
  .catch({});

/**
 * Wraps a step in a Lambda handler: parses the input, adds the step and its run to each log line, logs the result and
 * the duration, and rethrows errors under the name that the workflow acts on. It logs neither input nor output. A
 * rethrown error has no cause, whose text comes from outside, and its message is escaped, because Lambda logs it and
 * Step Functions keeps it for people to read.
 */
export const defineHandler =
  <Input extends z.ZodType, Output extends z.ZodType>(
    { folder: step, input, output }: Pick<Step<Input, Output>, 'folder' | 'input' | 'output'>,
    run: (input: z.output<Input>, context: StepContext) => Promise<z.input<Output>>,
  ) =>
  async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<z.output<Output>> => {
    const startedAt = performance.now();
    beginInvocation(() => context.getRemainingTimeInMillis());
    logger.resetKeys();
    logger.appendKeys({ step, ...keysSchema.parse(event) });
    const durationMs = (): number => Math.round(performance.now() - startedAt);
    try {
      const parsed = fit(input, event);
      if (!parsed.fits) throw violation(step, 'input', parsed.misfit);
      const result = await run(parsed.data, { remainingMs: () => context.getRemainingTimeInMillis() });
      const answer = fit(output, result);
      if (!answer.fits) throw violation(step, 'output', answer.misfit);
      logger.info('step done', { durationMs: durationMs() });
      return answer.data;
    } catch (thrown) {
      const { name, message, retryable } = asRelayError(thrown, `The step ${step}`);
      logger.error('step failed', {
        failure: { name, message, retryable, cause: causeNames(thrown) },
        durationMs: durationMs(),
      });
      throw new RelayError(name, showText(message));
    }
  };

const violation = (step: string, side: string, misfit: string): RelayError =>
  new RelayError('ContractViolated', `The ${side} of ${step} has the wrong shape: ${misfit}.`);

/** Names of an error and its causes, outermost first. They help a search and contain no text from outside. */
const causeNames = (thrown: unknown): string[] => {
  const names: string[] = [];
  for (let at = thrown; at instanceof Error && names.length < 5; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? ` ${at.code}` : '';
    names.push(`${at.name}${code}`);
  }
  return names;
};

import { createHash } from 'node:crypto';
import type { RotateStepInput, RotationOrder } from '#shared/workflows/rotate.ts';

/** Starts an execution of the workflow, once for each name. */
export type StartExecution = (name: string, input: string) => Promise<unknown>;

/**
 * Starts the execution that continues this one, which has too many events. Its order states the start of the first one,
 * so that a stop that was sent in between, and the window of the schedule, still count. Repeatable.
 */
export const startContinuation = async (
  start: StartExecution,
  { rule, run, order, startedAt }: RotateStepInput,
): Promise<void> => {
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 24);
  const continues = { run, startedAt: order.continues?.startedAt ?? startedAt };
  const { trigger, requestedBy, ticket, checkout } = order;
  const cause = { trigger, requestedBy, ticket, checkout };
  const next: RotationOrder = { rule, ...cause, continues };
  await start(`${rule}.continued-${hash}`, JSON.stringify(next));
};

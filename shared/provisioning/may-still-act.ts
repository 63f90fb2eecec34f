/** Longest time of a Lambda function. One that was frozen goes on for so long after its execution was stopped. */
const MAX_FUNCTION_MS = 15 * 60_000;

/**
 * True while an execution, or a function of an execution that was stopped, can still change the subject. An execution
 * that ends by itself gives its subject back, so nothing waits for it. Pure.
 */
export const mayStillAct = (execution: { readonly endedAt: number | undefined } | undefined, now: number): boolean =>
  execution !== undefined && (execution.endedAt === undefined || now < execution.endedAt + MAX_FUNCTION_MS);

/** Maximum wait in one invocation. After it, the workflow waits, which costs less than a function that waits. */
export const MAX_WAIT_MS = 60_000;

/** Time to leave for the step to end. */
export const RESERVED_MS = 30_000;

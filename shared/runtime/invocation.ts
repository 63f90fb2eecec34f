import type { Calls } from '#shared/workflows/calls.ts';

/** The invocation that this process handles. A process handles one at a time. */
let remaining = (): number => Number.POSITIVE_INFINITY;
let number = 0;
const made = { vault: 0, store: 0 };

/** Begins an invocation. `remainingMs` returns the milliseconds until Lambda ends it. */
export const beginInvocation = (remainingMs: () => number): void => {
  remaining = remainingMs;
  number += 1;
  made.vault = 0;
  made.store = 0;
};

/** Milliseconds until Lambda ends the current invocation; infinite outside a handler. */
export const remainingMs = (): number => remaining();

/** Number of the current invocation of this process. */
export const invocationNumber = (): number => number;

/** Counts a call of the current invocation. */
export const countCall = (side: keyof Calls): void => {
  made[side]++;
};

/** Calls of the current invocation so far. */
export const callsSoFar = (): Calls => ({ ...made });

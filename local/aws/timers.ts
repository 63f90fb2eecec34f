/** Longest delay of a Node timer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

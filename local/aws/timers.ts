/** The longest that a timer of Node can wait. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

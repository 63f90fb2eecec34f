/**
 * Messages that arrive in the same three seconds share a run, which begins when they are over. So many leavers share
 * the list of members, and fifty of them leave within a minute: their calls take 50 seconds at three a second.
 */
const WINDOW_MS = 3000;

/** Maximum difference between the clocks of two functions. */
const CLOCK_SKEW_MS = 1000;

export interface MessageWindow {
  /** Name of the run. */
  readonly run: string;
  /** Seconds that a run started now has to wait. */
  readonly waitSeconds: number;
}

/** Window of a rule at a time, in epoch milliseconds. Pure. */
export const messageWindowAt = (rule: string, now: number): MessageWindow => {
  const endsAt = (Math.floor(now / WINDOW_MS) + 1) * WINDOW_MS;
  return {
    run: `${rule}.messages-${new Date(endsAt).toISOString().replace(/[-:]|\.\d+/g, '')}`,
    waitSeconds: Math.ceil((endsAt - now + CLOCK_SKEW_MS) / 1000),
  };
};

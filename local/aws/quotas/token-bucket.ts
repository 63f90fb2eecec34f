/** Rate that a quota allows: a burst of calls, and a number of calls that it gains per second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Creates a token bucket that is full at first. Returns true for a call that the rate allows, and counts it. */
export const createTokenBucket = ({ burst, perSecond }: Rate, now: () => number): (() => boolean) => {
  let tokens = burst;
  let filledAtMs = now();
  return () => {
    const nowMs = now();
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) * perSecond) / 1000);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
};

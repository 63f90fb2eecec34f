/** Load on a server, as the server sees it. */
export interface Load {
  readonly calls: number;
  /** Largest number of calls that it handled at the same time. */
  readonly maxInFlight: number;
  /** Largest number of calls that it received within any second. */
  readonly maxPerSecond: number;
}

/** Creates a meter for the calls of a server. `now` is a monotonic clock in milliseconds. */
export const createLoadMeter = (now: () => number = () => performance.now()) => {
  const received: number[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Begins a call. Returns a function that ends it, and is a no-op the second time. */
    begin(): () => void {
      received.push(now());
      inFlight++;
      maxInFlight = Math.max(maxInFlight, inFlight);
      let isOver = false;
      return () => {
        if (!isOver) inFlight--;
        isOver = true;
      };
    },
    load: (): Load => ({ calls: received.length, maxInFlight, maxPerSecond: maxWithin(received, 1000) }),
  };
};

/** Largest number of times, in ascending order, within a span of this length. */
const maxWithin = (times: readonly number[], lengthMs: number): number => {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - lengthMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
};

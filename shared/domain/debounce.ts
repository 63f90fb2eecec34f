/**
 * Debouncing of messages about changed credentials. Time is divided into intervals of half a minute. All messages about
 * one sync that are handled in the same interval share a run, which reads the vault's list after the interval has
 * ended. Each run therefore reads the list later than every message it covers, and a burst of messages starts at most
 * one run every half minute.
 */
const HALF_MINUTE_MS = 30_000;

/** Maximum difference between the clocks of two functions. */
const CLOCK_SKEW_MS = 2000;

export interface Debounce {
  /** Name of the run that the messages share. */
  readonly run: string;
  /** End of the interval in epoch milliseconds. Later messages belong to the next interval. */
  readonly endsAt: number;
  /** Seconds that a run started now has to wait. */
  readonly waitSeconds: number;
}

const runsOf = (sync: string): string => `${sync}.changed-`;

/** Debounce interval at a time, in epoch milliseconds. */
export const debounceAt = (sync: string, now: number): Debounce => {
  const endsAt = (Math.floor(now / HALF_MINUTE_MS) + 1) * HALF_MINUTE_MS;
  const stamp = new Date(endsAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return { run: `${runsOf(sync)}${stamp}`, endsAt, waitSeconds: Math.ceil((endsAt - now + CLOCK_SKEW_MS) / 1000) };
};

/** True for a run of the sync that covers only the items that messages named. */
export const isDebounced = (sync: string, run: string): boolean => run.startsWith(runsOf(sync));

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

/**
 * Source of the news about a credential: a message, or a rotation by the relay. They do not share runs, because a run
 * after a rotation also delivers parked items.
 */
const CAUSES = ['changed', 'rotated'] as const;
export type NamedCause = (typeof CAUSES)[number];

const runsOf = (sync: string, cause: NamedCause): string => `${sync}.${cause}-`;

/** Debounce interval at a time, in epoch milliseconds. */
export const debounceAt = (sync: string, now: number, cause: NamedCause = 'changed'): Debounce => {
  const endsAt = (Math.floor(now / HALF_MINUTE_MS) + 1) * HALF_MINUTE_MS;
  const stamp = new Date(endsAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    run: `${runsOf(sync, cause)}${stamp}`,
    endsAt,
    waitSeconds: Math.ceil((endsAt - now + CLOCK_SKEW_MS) / 1000),
  };
};

/** True for a run of the sync that covers only named items. */
export const isDebounced = (sync: string, run: string): boolean =>
  CAUSES.some((cause) => run.startsWith(runsOf(sync, cause)));

/**
 * What messages say about changed credentials is gathered: time is cut into half minutes, all messages about one sync that
 * are handled in the same one share a run, and that run looks at the vault once it is over. So each look comes after
 * every message that it answers, and a storm of messages costs one run every half minute.
 */
const HALF_MINUTE_MS = 30_000;

/** By how much the clocks of two functions may differ. */
const CLOCKS_DIFFER_MS = 2000;

export interface Gathering {
  /** The name of the run that the messages share. */
  readonly run: string;
  /** Epoch milliseconds: what is not told by then belongs to the next gathering. */
  readonly endsAt: number;
  /** How long a run that is started now has to wait. */
  readonly waitSeconds: number;
}

const runsOf = (sync: string): string => `${sync}.changed-`;

/** The gathering at a time, in epoch milliseconds. */
export const gatheringAt = (sync: string, now: number): Gathering => {
  const endsAt = (Math.floor(now / HALF_MINUTE_MS) + 1) * HALF_MINUTE_MS;
  const stamp = new Date(endsAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return { run: `${runsOf(sync)}${stamp}`, endsAt, waitSeconds: Math.ceil((endsAt - now + CLOCKS_DIFFER_MS) / 1000) };
};

/** Whether a run of the sync looks only at what messages named. */
export const isGathered = (sync: string, run: string): boolean => run.startsWith(runsOf(sync));

/**
 * What can become of one account in one run. `delivered` and `unchanged` are successes, `skipped` ones ask for nothing
 * but patience or a setting, `failed` ones carry an error name from the closed list.
 */
export const OUTCOMES = {
  delivered: 'delivered',
  unchanged: 'unchanged',
  /** The vault is changing the credential right now: the next run reads it. */
  changing: 'skipped',
  /** A request would need an approval, so it was cancelled: a sync waits for nobody. */
  approvalRequired: 'skipped',
  /** Left alone for a while, because trying again now would do harm or nothing: see the park's reason. */
  parked: 'skipped',
  failed: 'failed',
} as const;

export type Outcome = keyof typeof OUTCOMES;
export type OutcomeKind = (typeof OUTCOMES)[Outcome];
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as [Outcome, ...Outcome[]];

/** A count for each outcome, to be counted up. */
export const noOutcomes = (): Record<Outcome, number> => ({
  delivered: 0,
  unchanged: 0,
  changing: 0,
  approvalRequired: 0,
  parked: 0,
  failed: 0,
});

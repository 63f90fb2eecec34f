/**
 * Outcomes of one item in one run. `delivered` and `unchanged` are successes. `skipped` outcomes need only time or a
 * changed setting. `failed` carries an error name from the closed list.
 */
export const OUTCOMES = {
  delivered: 'delivered',
  unchanged: 'unchanged',
  /** The vault is changing the credential. The next run reads the new one. */
  changing: 'skipped',
  /** The request needed an approval and was cancelled: a sync does not wait for approvals. */
  approvalRequired: 'skipped',
  /** Not tried until a date, because a try now would fail or do harm. The backoff has the reason. */
  parked: 'skipped',
  /** Its new credential failed the test of a rotation, so it is neither read nor delivered. */
  held: 'skipped',
  failed: 'failed',
} as const;

export type Outcome = keyof typeof OUTCOMES;
export type OutcomeKind = (typeof OUTCOMES)[Outcome];
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as [Outcome, ...Outcome[]];

/** Zero for each outcome. */
export const zeroOutcomes = (): Record<Outcome, number> => ({
  delivered: 0,
  unchanged: 0,
  changing: 0,
  approvalRequired: 0,
  parked: 0,
  held: 0,
  failed: 0,
});

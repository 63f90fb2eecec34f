/** Settings of a rotation in waves. */
export interface RotationSettings {
  /** Units of the canary, which is the first wave. At least 1, because no rotation goes without a canary. */
  readonly canary: number;
  /** Maximum of units in a wave. It limits the canary too. */
  readonly size: number;
  /** Maximum of items that change at the same time. */
  readonly concurrency: number;
  /** Pause between two waves. */
  readonly pauseMinutes: number;
  /** Failures that stop the rotation: a number, or a percentage of all planned items. See {@link thresholdOf}. */
  readonly threshold: Threshold;
  /**
   * Maximum of accounts of one system in a wave, 1 by default: if a change locks a system, its other accounts still
   * work. A unit with more accounts on a system has no other unit of that system in its wave.
   */
  readonly perSystem: number;
  /**
   * True if `unknown` counts against the threshold, as it does by default: it can be a failure, and a vault that stops
   * answering must stop the rotation. Without it, the threshold can be overshot by every unknown item that fails later.
   */
  readonly countUnknown: boolean;
  /** Time for the vault to show the change of an item. An item without one is then `unknown`. */
  readonly deadlineMinutes: number;
}

export type Threshold = { readonly count: number } | { readonly percent: number };

/** Settings of the rule that are optional. */
export const ROTATION_DEFAULTS = { perSystem: 1, countUnknown: true } as const satisfies Partial<RotationSettings>;

/** Failures at which nothing more is started: at least 1. A percentage is rounded down. Pure. */
export const thresholdOf = (threshold: Threshold, planned: number): number =>
  Math.max(1, 'count' in threshold ? threshold.count : Math.floor((planned * threshold.percent) / 100));

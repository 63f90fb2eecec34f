import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import type { Wave } from '#shared/domain/rotation/waves.ts';

/** Pace at which a vault changes credentials: it takes a batch from its queue in each interval. */
export interface ChangePace {
  readonly batch: number;
  readonly intervalSeconds: number;
}

/** Pace that the vendor recommends for the change agent (source: tickets-and-rotation.md 8). */
const DEFAULT_PACE: ChangePace = { batch: 5, intervalSeconds: 60 };

/** Time that a rotation lasts at least, and its parts, in seconds. */
export interface RotationEstimate {
  readonly seconds: number;
  readonly changeSeconds: number;
  readonly pauseSeconds: number;
}

/** Intervals for a wave. The items of a unit change one after the other. */
const intervalsOf = (wave: Wave, perInterval: number): number => {
  const lengths = wave.map(({ items }) => items.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.reduce((most, length) => Math.max(most, length), Math.ceil(total / perInterval));
};

/**
 * Estimates a rotation from the pace of the vault, the concurrency and the pauses, without tests, failures and looks.
 * The number of changes in an interval is at most the concurrency, because no more are queued. Pure.
 */
export const estimateRotation = (
  waves: readonly Wave[],
  { concurrency, pauseMinutes }: Pick<RotationSettings, 'concurrency' | 'pauseMinutes'>,
  { batch, intervalSeconds }: ChangePace = DEFAULT_PACE,
): RotationEstimate => {
  const perInterval = Math.max(1, Math.min(batch, concurrency));
  const intervals = waves.reduce((sum, wave) => sum + intervalsOf(wave, perInterval), 0);
  const changeSeconds = intervals * intervalSeconds;
  const pauseSeconds = Math.max(0, waves.length - 1) * pauseMinutes * 60;
  return { seconds: changeSeconds + pauseSeconds, changeSeconds, pauseSeconds };
};

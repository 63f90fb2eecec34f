import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import type { RotationState } from '#shared/domain/rotation/state.ts';
import type { Wave } from '#shared/domain/rotation/waves.ts';

/** Pace at which a vault changes credentials: it takes a batch from its queue in each interval. */
export interface ChangePace {
  readonly batch: number;
  readonly intervalSeconds: number;
}

/** Pace that the vendor recommends for the change agent (source: tickets-and-rotation.md 8). */
const DEFAULT_PACE: ChangePace = { batch: 5, intervalSeconds: 60 };

type Pacing = Pick<RotationSettings, 'concurrency' | 'pauseMinutes'>;

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
  settings: Pacing,
  pace: ChangePace = DEFAULT_PACE,
): RotationEstimate =>
  estimateIntervals(
    waves.map((wave) => intervalsOf(wave, perInterval(settings, pace))),
    settings,
    pace,
  );

const perInterval = ({ concurrency }: Pacing, { batch }: ChangePace): number =>
  Math.max(1, Math.min(batch, concurrency));

const estimateIntervals = (
  intervals: readonly number[],
  { pauseMinutes }: Pacing,
  { intervalSeconds }: ChangePace,
): RotationEstimate => {
  const changeSeconds = intervals.reduce((sum, count) => sum + count, 0) * intervalSeconds;
  const pauseSeconds = Math.max(0, intervals.length - 1) * pauseMinutes * 60;
  return { seconds: changeSeconds + pauseSeconds, changeSeconds, pauseSeconds };
};

/** Estimates the rest of a rotation: its items that have not started. Pure. */
export const estimateRest = ({ items }: RotationState, settings: Pacing): RotationEstimate => {
  const waiting = items.filter(({ status }) => status === 'waiting');
  const waves = [...Map.groupBy(waiting, ({ wave }) => wave).values()];
  const each = perInterval(settings, DEFAULT_PACE);
  return estimateIntervals(
    waves.map(({ length }) => Math.ceil(length / each)),
    settings,
    DEFAULT_PACE,
  );
};

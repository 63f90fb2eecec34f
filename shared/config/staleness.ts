import { longestGapMinutes } from '#shared/config/schedule/longest-gap.ts';
import { MAX_STALE_HOURS } from '#shared/config/schema/sync.ts';
import type { SyncConfig } from '#shared/config/schema.ts';

const HOUR_MINUTES = 60;

/** The alarm counts whole hours, and the one in which a run is due has not succeeded yet. */
const ALARM_PERIOD_HOURS = 1;

/**
 * Returns the shortest `staleAfterHours` that raises no alarm between two successful runs. Undefined if no alarm can
 * wait for so long. Pure.
 */
export const minStaleHours = ({
  expression,
  timeZone,
  flexibleMinutes,
}: SyncConfig['schedule']): number | undefined => {
  const gap = longestGapMinutes(expression, timeZone);
  if (gap === undefined) return undefined;
  const hours = Math.ceil((gap + flexibleMinutes) / HOUR_MINUTES) + ALARM_PERIOD_HOURS;
  return hours > MAX_STALE_HOURS ? undefined : hours;
};

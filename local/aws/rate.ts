import { MAX_TIMER_MS } from './timers.ts';

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Interval of a `rate(…)` schedule in milliseconds. Undefined for `cron(…)`, which local mode does not fire by itself.
 */
export const intervalOf = (expression: string): number | undefined => {
  const [, amount, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.min(Number(amount) * (UNITS[unit] ?? 0), MAX_TIMER_MS);
};

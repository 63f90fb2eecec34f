import { LONGEST_TIMER_MS } from './timers.ts';

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** How often a schedule of the form `rate(…)` is due, in milliseconds; undefined for `cron(…)`, which nothing here keeps. */
export const intervalOf = (expression: string): number | undefined => {
  const [, amount, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.min(Number(amount) * (UNITS[unit] ?? 0), LONGEST_TIMER_MS);
};

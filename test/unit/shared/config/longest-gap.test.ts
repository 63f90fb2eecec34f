import fc from 'fast-check';
import { expect, it } from 'vitest';
import { longestGapMinutes } from '#shared/config/schedule/longest-gap.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const WINDOW_DAYS = 24;

/** Local minutes since 1970 for every minute of some weeks, read from `Intl` every half hour. */
const localMinutes = (zone: string, from: string): number[] => {
  const format = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const start = Date.parse(from) / MINUTE_MS;
  return Array.from({ length: WINDOW_DAYS * 48 }, (_, half) => {
    const at = start + half * 30;
    const local = Date.parse(`${format.format(at * MINUTE_MS).replace(' ', 'T')}Z`) / MINUTE_MS;
    return Array.from({ length: 30 }, (_each, minute) => local + minute);
  }).flat();
};

/** Weeks around the changes of the clocks in 2026. */
const WINDOWS = new Map(
  (
    [
      ['UTC', '2026-03-18', '2026-10-14'],
      ['Europe/Vienna', '2026-03-18', '2026-10-14'],
      ['America/New_York', '2026-02-25', '2026-10-21'],
      ['Australia/Lord_Howe', '2026-03-25', '2026-09-23'],
    ] as const
  ).map(([zone, spring, autumn]) => [zone, [localMinutes(zone, spring), localMinutes(zone, autumn)]]),
);

/** Longest time between two starts, minute by minute. An hour that exists twice counts once: as its first or second. */
const simulate = (windows: readonly (readonly number[])[], isStart: (local: number) => boolean): number => {
  const gaps = windows.flatMap((window) =>
    [window, window.toReversed()].flatMap((minutes) => {
      const seen = new Set<number>();
      const starts = minutes.flatMap((local, index) => {
        if (seen.has(local) || !isStart(local)) return [];
        seen.add(local);
        return [index];
      });
      return starts.slice(1).map((start, index) => start - (starts[index] ?? start));
    }),
  );
  return Math.max(...gaps);
};

const few = (max: number) => fc.uniqueArray(fc.nat(max), { minLength: 1, maxLength: 4 });
/** The hours of most changes of the clocks are frequent. */
const hours = fc.uniqueArray(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.nat(23)), { minLength: 1, maxLength: 6 });
const weekdays = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 2, maxLength: 7 });

it('the longest time between two starts is the one that a simulation finds, also where clocks change', () => {
  fc.assert(
    fc.property(few(59), hours, weekdays, fc.constantFrom(...WINDOWS.keys()), (minutes, hour, days, zone) => {
      const isStart = (local: number): boolean =>
        minutes.includes(local % 60) &&
        hour.includes(Math.floor((local % DAY_MINUTES) / 60)) &&
        // Day 0 was a Thursday, which is day 5.
        days.includes(((Math.floor(local / DAY_MINUTES) + 4) % 7) + 1);
      const found = simulate(WINDOWS.get(zone) ?? [], isStart);
      const measured = longestGapMinutes(`cron(${minutes} ${hour} ? * ${days} *)`, zone);
      // A start every other week only, because one of the two does not exist, is not measured.
      expect(measured ?? found).toBe(found);
      if (found <= 8 * DAY_MINUTES) expect(measured).toBeDefined();
    }),
    { numRuns: 60 },
  );
});

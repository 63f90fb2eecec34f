import type { Cron } from '#shared/config/schedule/cron.ts';
import { parseSchedule } from '#shared/config/schedule/expression.ts';
import { type Transition, transitionsOf } from '#shared/config/schedule/time-zone.ts';

const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * 60_000;

/** A longer gap is not measured by default: no alarm of a sync could wait for so long. */
const MAX_GAP_DAYS = 8;

/** The calendar repeats after 28 years, as long as every fourth year is a leap year. */
const FIRST_YEAR = 2024;
const CALENDAR_YEARS = 28;

const dayNumber = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / DAY_MS;

/** Day 0, the first of January 1970, was a Thursday. Sunday is 1. */
const weekdayOf = (day: number): number => ((((day + 4) % 7) + 7) % 7) + 1;

/** Selected days of a month, by its first day and its length. */
type DaysOf = (first: number, daysInMonth: number) => ReadonlySet<number>;

/** There are only 28 kinds of months: four lengths, and seven weekdays of the first day. */
const createDaysOf = ({ days }: Cron): DaysOf => {
  const known = new Map<number, ReadonlySet<number>>();
  return (first, daysInMonth) => {
    const kind = daysInMonth * 10 + weekdayOf(first);
    const selected = known.get(kind) ?? new Set(selectIn(days, first, daysInMonth));
    known.set(kind, selected);
    return selected;
  };
};

const selectIn = (days: Cron['days'], first: number, daysInMonth: number): number[] =>
  Array.from({ length: daysInMonth }, (_, index) => index + 1).filter((day) =>
    days.selects({ day, weekday: weekdayOf(first + day - 1), daysInMonth }),
  );

const readers = new WeakMap<Cron, DaysOf>();

const daysOfMonth = (cron: Cron, year: number, month: number): ReadonlySet<number> => {
  const daysOf = readers.get(cron) ?? createDaysOf(cron);
  readers.set(cron, daysOf);
  const first = dayNumber(year, month, 1);
  return daysOf(first, dayNumber(year, month + 1, 1) - first);
};

const isSelected = (cron: Cron, day: number): boolean => {
  const date = new Date(day * DAY_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  return cron.months.includes(month) && daysOfMonth(cron, year, month).has(date.getUTCDate());
};

/** Days from one selected day to the next, at most. Undefined if they are too many, or if there is no next one. */
const longestDays = (cron: Cron, maxDays: number): number | undefined => {
  if (cron.months.length === 12 && cron.days.text === '*') return 1;
  let longest: number | undefined;
  let previous: number | undefined;
  for (let year = FIRST_YEAR; year < FIRST_YEAR + CALENDAR_YEARS; year += 1) {
    for (const month of cron.months) {
      const first = dayNumber(year, month, 1);
      for (const day of daysOfMonth(cron, year, month)) {
        const number = first + day - 1;
        if (previous !== undefined) longest = Math.max(longest ?? 0, number - previous);
        if (longest !== undefined && longest > maxDays) return undefined;
        previous = number;
      }
    }
  }
  return longest;
};

/** Last start before a minute of local time, at most some days earlier. */
const lastBefore = (cron: Cron, minute: number, maxDays: number): number | undefined => {
  const today = Math.floor((minute - 1) / DAY_MINUTES);
  for (let day = today; day >= today - maxDays; day -= 1) {
    const time = isSelected(cron, day) ? cron.times.findLast((each) => day * DAY_MINUTES + each < minute) : undefined;
    if (time !== undefined) return day * DAY_MINUTES + time;
  }
  return undefined;
};

/** First start at a minute of local time or later, at most some days later. */
const firstFrom = (cron: Cron, minute: number, maxDays: number): number | undefined => {
  const today = Math.floor(minute / DAY_MINUTES);
  for (let day = today; day <= today + maxDays; day += 1) {
    const time = isSelected(cron, day) ? cron.times.find((each) => day * DAY_MINUTES + each >= minute) : undefined;
    if (time !== undefined) return day * DAY_MINUTES + time;
  }
  return undefined;
};

/**
 * Longest gap around a change of the clocks, in minutes. Scheduler skips the starts of an hour that does not exist, and
 * does not repeat those of an hour that exists twice. Source: AWS re:Post, "How can I adjust my Amazon EventBridge
 * schedule for daylight saving?"
 */
const gapAround = (cron: Cron, { localMinute, shift }: Transition, maxDays: number): number | undefined => {
  const skippedUntil = localMinute + Math.max(shift, 0);
  const repeatedFrom = localMinute + Math.min(shift, 0);
  let start = lastBefore(cron, shift > 0 ? localMinute : repeatedFrom, maxDays);
  let longest = 0;
  while (start !== undefined && start < localMinute) {
    const next = firstFrom(cron, shift > 0 ? skippedUntil : start + 1, maxDays);
    if (next === undefined) return undefined;
    // A start in an hour that exists twice can be in either, so each gap that touches it may be the longer one.
    longest = Math.max(longest, next - start - shift);
    start = next < repeatedFrom ? undefined : next;
  }
  return start === undefined ? undefined : longest;
};

const ofCron = (cron: Cron, timeZone: string, maxDays: number): number | undefined => {
  const days = longestDays(cron, maxDays);
  const [first, last] = [cron.times[0], cron.times.at(-1)];
  const isInterrupted = cron.years.some((year, index) => index > 0 && year !== (cron.years[index - 1] ?? 0) + 1);
  if (days === undefined || first === undefined || last === undefined || isInterrupted) return undefined;
  const gaps = [
    days * DAY_MINUTES - last + first,
    ...cron.times.slice(1).map((time, index) => time - (cron.times[index] ?? time)),
  ];
  for (const transition of transitionsOf(timeZone)) {
    const gap = gapAround(cron, transition, maxDays);
    if (gap === undefined) return undefined;
    gaps.push(gap);
  }
  return Math.max(...gaps);
};

/**
 * Returns the longest time between two starts of a schedule, in minutes, with daylight saving time. Undefined if it
 * exceeds `maxDays`, and for a schedule that starts once or never. The end of the last year is not a gap. Pure.
 */
export const longestGapMinutes = (
  expression: string,
  timeZone: string,
  maxDays: number = MAX_GAP_DAYS,
): number | undefined => {
  const key = `${expression} ${timeZone} ${maxDays}`;
  if (!known.has(key)) known.set(key, measure(expression, timeZone, maxDays));
  return known.get(key);
};

/** Hundreds of syncs share a schedule. */
const known = new Map<string, number | undefined>();

const measure = (expression: string, timeZone: string, maxDays: number): number | undefined => {
  const parsed = parseSchedule(expression);
  if (!parsed.ok) return undefined;
  const schedule = parsed.value;
  if (schedule.kind === 'cron') return ofCron(schedule.cron, timeZone, maxDays);
  return schedule.minutes > maxDays * DAY_MINUTES ? undefined : schedule.minutes;
};

import { RelayError } from '#shared/errors.ts';

/** Dates of events, which can be finer than a millisecond and differ in their numbers of digits. Pure. */

const UTC_DATE = /^(\d{4}-\d\d-\d\d)T(\d\d):\d\d:\d\d(?:\.(\d{1,9}))?Z$/;

/** Nanoseconds have nine digits. */
const FRACTION_DIGITS = 9;

/** A form of a date that sorts by time as text; undefined for what is not UTC ISO 8601. */
const sortableOrNone = (date: string): string | undefined => {
  const match = UTC_DATE.exec(date);
  if (match === null || Number.isNaN(Date.parse(`${date.slice(0, 19)}Z`))) return undefined;
  return `${date.slice(0, 19)}.${(match[3] ?? '').padEnd(FRACTION_DIGITS, '0')}`;
};

/** True for a date that {@link sortableDate} accepts. */
export const isUtcDate = (date: string): boolean => sortableOrNone(date) !== undefined;

/** A form of a date that sorts by time as text. Raises `AnswerMalformed` for what is not UTC ISO 8601. */
export const sortableDate = (date: string): string => {
  const sortable = sortableOrNone(date);
  if (sortable === undefined) {
    throw new RelayError('AnswerMalformed', 'The date of an event is not a date in UTC. Report it with the run id.');
  }
  return sortable;
};

/** The earlier of two dates. */
export const earlierDate = (one: string, other: string): string =>
  sortableDate(one) <= sortableDate(other) ? one : other;

/** The later of two dates. */
export const laterDate = (one: string, other: string): string =>
  sortableDate(one) >= sortableDate(other) ? one : other;

/** A date that is later by so many milliseconds, or earlier. Digits finer than a millisecond are dropped. */
export const shiftDate = (date: string, ms: number): string => new Date(Date.parse(date) + ms).toISOString();

/** A date between two others, in whole milliseconds; undefined if they are too close. */
export const middleDate = (one: string, other: string): string | undefined => {
  const middle = new Date(Math.floor((Date.parse(one) + Date.parse(other)) / 2)).toISOString();
  return sortableDate(one) < sortableDate(middle) && sortableDate(middle) < sortableDate(other) ? middle : undefined;
};

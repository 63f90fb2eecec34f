import {
  FIELD_RULES,
  type Field,
  joinItems,
  readItem,
  readValue,
  WEEKDAYS,
} from '#shared/config/schedule/cron-fields.ts';

/** A calendar day, as the two fields of days need it. */
interface CalendarDay {
  /** 1 to 31. */
  readonly day: number;
  /** 1 is Sunday. */
  readonly weekday: number;
  /** Number of days in its month. */
  readonly daysInMonth: number;
}

/** True for the days that a field selects. */
type Selects = (day: CalendarDay) => boolean;

/** A field of days. */
export interface DayField {
  readonly text: string;
  readonly selects: Selects;
}

const fromField = ({ values, text }: Field, partOf: (day: CalendarDay) => number): DayField => {
  const selected = new Set(values);
  return { text, selects: (day) => selected.has(partOf(day)) };
};

/** Weekday of another day of the same month. */
const weekdayOf = (wanted: number, { day, weekday }: CalendarDay): number =>
  ((((weekday - 1 + wanted - day) % 7) + 7) % 7) + 1;

/** The weekday nearest to a day, within the month. */
const nearestWorkday = (wanted: number, day: CalendarDay): number => {
  const weekday = weekdayOf(wanted, day);
  if (weekday === 7) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 1) return wanted === day.daysInMonth ? wanted - 2 : wanted + 1;
  return wanted;
};

const dayOfMonthItem = (item: string): DayField | undefined => {
  const plain = readItem(item, FIELD_RULES.dayOfMonth);
  if (plain !== undefined) return fromField(plain, ({ day }) => day);
  const [, before] = /^L(?:-(\d{1,2}))?$/.exec(item) ?? [];
  if (item === 'L' || before !== undefined) {
    const offset = Number(before ?? 0);
    if (before !== undefined && (offset < 1 || offset > 30)) return undefined;
    return {
      text: before === undefined ? 'L' : `L-${offset}`,
      selects: ({ day, daysInMonth }) => day === daysInMonth - offset,
    };
  }
  if (item === 'LW') return { text: item, selects: (day) => day.day === nearestWorkday(day.daysInMonth, day) };
  const near = item.endsWith('W') ? readValue(item.slice(0, -1), FIELD_RULES.dayOfMonth) : undefined;
  if (near === undefined) return undefined;
  return {
    text: `${near}W`,
    selects: (day) => near <= day.daysInMonth && day.day === nearestWorkday(near, day),
  };
};

const dayOfWeekItem = (item: string): DayField | undefined => {
  const plain = readItem(item, FIELD_RULES.dayOfWeek);
  if (plain !== undefined) return fromField(plain, ({ weekday }) => weekday);
  if (item === 'L') return { text: item, selects: ({ weekday }) => weekday === WEEKDAYS.length };
  const [, before] = /^L-([1-6])$/.exec(item) ?? [];
  if (before !== undefined)
    return { text: item, selects: ({ weekday }) => weekday === WEEKDAYS.length - Number(before) };
  const [, name = '', suffix] = /^([A-Z0-9]+?)(L|#[1-5])$/.exec(item) ?? [];
  const wanted = readValue(name, FIELD_RULES.dayOfWeek);
  if (wanted === undefined || suffix === undefined) return undefined;
  const selectsWeek: Selects =
    suffix === 'L'
      ? ({ day, daysInMonth }) => day > daysInMonth - 7
      : ({ day }) => Math.ceil(day / 7) === Number(suffix.slice(1));
  return { text: item, selects: (day) => day.weekday === wanted && selectsWeek(day) };
};

const readDays = (text: string, readPart: (item: string) => DayField | undefined): DayField | undefined => {
  const parts = text.split(',').map(readPart);
  const valid = parts.filter((part) => part !== undefined);
  if (valid.length < parts.length) return undefined;
  const { text: written } = joinItems(valid.map((part) => ({ values: [], text: part.text })));
  const distinct = [...new Map(valid.map((part) => [part.text, part])).values()];
  return { text: written, selects: (day) => distinct.some(({ selects }) => selects(day)) };
};

/**
 * Parses the days of the month. `L` is the last day, `L-3` the third before it, `3W` the weekday nearest to the third,
 * and `LW` the last weekday. Undefined if it is not valid. Pure.
 */
export const readDayOfMonth = (text: string): DayField | undefined => readDays(text, dayOfMonthItem);

/**
 * Parses the days of the week. `L` is Saturday, `6L` the last Friday of the month, and `3#2` its second Tuesday, which
 * can only stand alone. Undefined if it is not valid. Pure.
 */
export const readDayOfWeek = (text: string): DayField | undefined =>
  text.includes('#') && text.includes(',') ? undefined : readDays(text, dayOfWeekItem);

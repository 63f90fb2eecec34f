import { type DayField, readDayOfMonth, readDayOfWeek } from '#shared/config/schedule/cron-days.ts';
import { FIELD_RULES, type FieldRule, readField, WEEKDAYS } from '#shared/config/schedule/cron-fields.ts';

/** A parsed cron expression. */
export interface Cron {
  /** The expression in the spelling that EventBridge Scheduler documents, such as `cron(0 3 * * ? *)`. */
  readonly expression: string;
  /** Minutes after midnight at which it starts, in ascending order. */
  readonly times: readonly number[];
  readonly months: readonly number[];
  readonly years: readonly number[];
  /** The field of days that selects; the other one is `?`. */
  readonly days: DayField;
}

/** A parsed text, or a message that shows the fix, and the correct text if it can be guessed. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly meant?: string };

const SYNTAX = 'cron(minutes hours day-of-month month day-of-week year)';
const EXAMPLE = 'cron(0 3 * * ? *)';
const FIELD_COUNT = 6;

const wrongField = ({ what, min, max, examples }: FieldRule): string =>
  `the ${what} must be ${min} to ${max}, such as ${examples}; a whole expression is ${EXAMPLE}`;

const HOUR_MINUTES = 60;

const readFields = (fields: readonly string[]): Parsed<Cron> => {
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = '', yearText = ''] = fields;
  const minutes = readField(minuteText, FIELD_RULES.minutes);
  const hours = readField(hourText, FIELD_RULES.hours);
  const months = readField(monthText, FIELD_RULES.month);
  const years = readField(yearText, FIELD_RULES.year);
  const isByWeekday = dayText === '?';
  const days = isByWeekday ? readDayOfWeek(weekdayText) : readDayOfMonth(dayText);
  const wrong = (rule: FieldRule) => ({ ok: false, message: wrongField(rule) }) as const;
  if (minutes === undefined) return wrong(FIELD_RULES.minutes);
  if (hours === undefined) return wrong(FIELD_RULES.hours);
  if (isByWeekday === (weekdayText === '?')) {
    return {
      ok: false,
      message: `one of day-of-month and day-of-week must be ?, and the other one not, as in ${EXAMPLE}`,
    };
  }
  if (days === undefined) return wrong(isByWeekday ? FIELD_RULES.dayOfWeek : FIELD_RULES.dayOfMonth);
  if (months === undefined) return wrong(FIELD_RULES.month);
  if (years === undefined) return wrong(FIELD_RULES.year);
  const written = isByWeekday ? ['?', months.text, days.text] : [days.text, months.text, '?'];
  return {
    ok: true,
    value: {
      expression: `cron(${[minutes.text, hours.text, ...written, years.text].join(' ')})`,
      times: hours.values.flatMap((hour) => minutes.values.map((minute) => hour * HOUR_MINUTES + minute)),
      months: months.values,
      years: years.values,
      days,
    },
  };
};

/** Unix counts the days of the week from 0, with Sunday also as 7. Names mean the same in both. */
const fromUnixWeekdays = (weekdays: string): string =>
  weekdays.replaceAll(/(?<![\d/#])[0-7](?!\d)/g, (digit) => WEEKDAYS[Number(digit) % 7] ?? digit);

/** Fields with exactly one `?`, if one of the two fields of days selects every day. */
const withQuestionMark = (fields: readonly string[]): string[] => {
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...rest] = fields;
  const isEveryWeekday = weekday === '*' || weekday === '?';
  const days = isEveryWeekday ? (day === '?' ? '*' : day) : day === '*' ? '?' : day;
  return [minute, hour, days, month, isEveryWeekday ? '?' : weekday, ...rest];
};

/** Expressions that the author probably meant, the likeliest first: with a `?`, from Unix, or from Quartz. */
const guesses = (fields: readonly string[]): string[][] => {
  if (fields.length === FIELD_COUNT - 1) {
    const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
    return [withQuestionMark([minute, hour, day, month, fromUnixWeekdays(weekday), '*'])];
  }
  const withoutSeconds = fields.slice(1);
  return [
    withQuestionMark(fields),
    withQuestionMark(fields.length === FIELD_COUNT ? [...withoutSeconds, '*'] : withoutSeconds),
  ].filter(({ length }) => length === FIELD_COUNT);
};

/**
 * Parses the fields of a cron expression of EventBridge Scheduler. Letters can have any case, and fields any number of
 * spaces between them. Pure.
 *
 * Its dialect is its own: six fields with a year, Sunday as day 1, and exactly one `?`. It follows the user guide, and
 * where that is silent it accepts what anyone has seen AWS accept. Such forms are rewritten to documented ones, so that
 * a deployment does not depend on them.
 */
export const parseCron = (text: string): Parsed<Cron> => {
  const fields = text.trim().toUpperCase().split(/\s+/);
  const parsed: Parsed<Cron> =
    fields.length === FIELD_COUNT
      ? readFields(fields)
      : { ok: false, message: `write six fields, ${SYNTAX}, such as ${EXAMPLE}` };
  if (parsed.ok) return parsed;
  const meant = guesses(fields)
    .map(readFields)
    .find(({ ok }) => ok);
  if (meant?.ok !== true) return parsed;
  const { expression } = meant.value;
  return {
    ok: false,
    message: `write ${expression}; the fields are ${SYNTAX}, and one of the two days is ?`,
    meant: expression,
  };
};

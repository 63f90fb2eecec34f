/** One field of a cron expression: its values, and its text in the spelling that EventBridge Scheduler documents. */
export interface Field {
  /** Values in ascending order. Empty for a field that selects days by other means. */
  readonly values: readonly number[];
  readonly text: string;
}

/** Rules of one field. */
export interface FieldRule {
  /** Name and place in messages. */
  readonly what: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
  /** Correct values of this field, for messages. */
  readonly examples: string;
  /** True if the documentation lists `/` for this field. Without it, an increment is written out as a list. */
  readonly hasIncrements: boolean;
  /** True if a range may pass the end of the field, such as 22-4 for hours. */
  readonly isCyclic: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
export const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Source: EventBridge Scheduler user guide, "Cron-based schedules". Sunday is 1. */
export const FIELD_RULES = {
  minutes: {
    what: 'minutes (field 1 of 6)',
    min: 0,
    max: 59,
    examples: '0, 0,30 or */15',
    hasIncrements: true,
    isCyclic: true,
  },
  hours: {
    what: 'hours (field 2 of 6)',
    min: 0,
    max: 23,
    examples: '3, 8-17 or */6',
    hasIncrements: true,
    isCyclic: true,
  },
  dayOfMonth: {
    what: 'days of the month (field 3 of 6)',
    min: 1,
    max: 31,
    examples: '*, ?, 1,15, L or 3W',
    hasIncrements: true,
    isCyclic: true,
  },
  month: {
    what: 'months (field 4 of 6)',
    min: 1,
    max: 12,
    names: MONTHS,
    examples: '*, 1-3 or JAN,JUL',
    hasIncrements: true,
    isCyclic: true,
  },
  dayOfWeek: {
    what: 'days of the week (field 5 of 6)',
    min: 1,
    max: 7,
    names: WEEKDAYS,
    examples: '?, MON-FRI, 6L or 3#2',
    hasIncrements: false,
    isCyclic: true,
  },
  year: {
    what: 'years (field 6 of 6)',
    min: 1970,
    max: 2199,
    examples: '* or 2027-2030',
    hasIncrements: true,
    isCyclic: false,
  },
} as const satisfies Record<string, FieldRule>;

/** Parses a number or a name of a field. Undefined if it is neither, or out of range. Pure. */
export const readValue = (text: string, { min, max, names = [] }: FieldRule): number | undefined => {
  const named = names.indexOf(text);
  const value = named >= 0 ? min + named : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
};

/** Writes a value without leading zeros, and keeps a name. */
const writeValue = (text: string): string => (/^\d+$/.test(text) ? String(Number(text)) : text);

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A part of a list: `*`, a value or a range, each with an optional increment. */
const ITEM = /^(?<from>[A-Z0-9]+|\*)(?:-(?<to>[A-Z0-9]+|\*))?(?:\/(?<step>\d{1,9}))?$/;

/** Parses one part of a list. Undefined if it is not valid. Expects upper case. Pure. */
export const readItem = (item: string, rule: FieldRule): Field | undefined => {
  const { from = '', to, step } = ITEM.exec(item)?.groups ?? {};
  const isEverything = from === '*' && to === undefined;
  const first = from === '*' ? rule.min : readValue(from, rule);
  const isOpen = to === '*' || (to === undefined && (isEverything || step !== undefined));
  const last = isOpen ? rule.max : to === undefined ? first : readValue(to, rule);
  const increment = Number(step ?? 1);
  if (first === undefined || last === undefined || increment === 0) return undefined;
  const passesEnd = last < first;
  if (passesEnd && !rule.isCyclic) return undefined;
  const covered = passesEnd ? [...range(first, rule.max), ...range(rule.min, last)] : range(first, last);
  const values = covered.filter((_, index) => index % increment === 0);
  // Forms that the documentation does not show are accepted, and written out as a list that it does show.
  const isDocumented =
    !passesEnd &&
    (to === undefined || (from !== '*' && to !== '*')) &&
    (step === undefined || (rule.hasIncrements && increment <= rule.max - rule.min));
  const text = isDocumented
    ? writeValue(from) + (to === undefined ? '' : `-${writeValue(to)}`) + (step === undefined ? '' : `/${increment}`)
    : values.join(',');
  return { values: values.toSorted((a, b) => a - b), text };
};

/** Joins the parts of a list. */
export const joinItems = (items: readonly Field[]): Field => ({
  values: [...new Set(items.flatMap(({ values }) => values))].sort((a, b) => a - b),
  text: items.some(({ text }) => text === '*') ? '*' : items.map(({ text }) => text).join(','),
});

/** Parses a field that consists only of numbers, names, ranges and increments. Undefined if it is not valid. Pure. */
export const readField = (text: string, rule: FieldRule): Field | undefined => {
  const items = text.split(',').map((item) => readItem(item, rule));
  const valid = items.filter((item) => item !== undefined);
  return valid.length === items.length ? joinItems(valid) : undefined;
};

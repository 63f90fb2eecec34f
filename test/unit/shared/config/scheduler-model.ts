import fc from 'fast-check';

/**
 * Model of what EventBridge Scheduler accepts, written from its documentation and independent of the loader. Sources:
 *
 * - "Schedule types in EventBridge Scheduler" of its user guide, and "Cron expressions reference" of the EventBridge
 *   user guide: the six fields, their values and wildcards, one `?`, one `#`
 * - `ScheduleExpression` of its API reference: the units of `rate`, and at most 256 characters
 * - https://github.com/localstack/localstack/issues/13572, tried on AWS: a range with an increment, or of one value
 * - https://github.com/grumBit/aws_cron_expression_validator, issues 6, 12 and 18, tried on AWS: `LW`, `6L`, names in
 *   any case
 * - https://github.com/pitchblack408/pyawscron/issues/61, tried on AWS: lists of increments
 */

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Regular expression of the numbers of a field. */
const anyOf = (min: number, max: number, names: readonly string[] = []): string =>
  [...Array.from({ length: max - min + 1 }, (_, index) => min + index), ...names].toReversed().join('|');

const list = (item: string): string => `(?:${item})(?:,(?:${item}))*`;

/** A list of values, ranges and increments, or everything. An increment is smaller than the field. */
const common = (value: string, maxIncrement?: number): string => {
  const range = `(?:${value})(?:-(?:${value}))?`;
  const increment = maxIncrement === undefined ? [] : [`(?:\\*|${range})/(?:${anyOf(1, maxIncrement)})`];
  return `\\*|${list([...increment, range].join('|'))}`;
};

const VALUES = {
  minutes: anyOf(0, 59),
  hours: anyOf(0, 23),
  dayOfMonth: anyOf(1, 31),
  month: anyOf(1, 12, MONTHS),
  dayOfWeek: anyOf(1, 7, DAYS),
  year: anyOf(1970, 2199),
};

/** Nothing says that L and W cannot be in a list, so they can. */
const DAY_OF_MONTH = list(`${common(VALUES.dayOfMonth, 30)}|L|LW|L-(?:[1-9]|[12]\\d|30)|(?:${VALUES.dayOfMonth})W`);
const DAY_OF_WEEK = `(?:${VALUES.dayOfWeek})#[1-5]|${list(`${common(VALUES.dayOfWeek)}|L|L-[1-6]|(?:${VALUES.dayOfWeek})L`)}`;

const field = (text: string): string => `(?:${text})`;
const cron = (dayOfMonth: string, dayOfWeek: string): string =>
  `cron\\(${[common(VALUES.minutes, 59), common(VALUES.hours, 23), dayOfMonth, common(VALUES.month, 11), dayOfWeek, common(VALUES.year, 229)].map(field).join(' ')}\\)`;

const ACCEPTED = new RegExp(
  `^(?:rate\\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\\d+) (?:minutes|hours|days))\\)|${cron(DAY_OF_MONTH, '\\?')}|${cron('\\?', DAY_OF_WEEK)})$`,
);

/** True if EventBridge Scheduler accepts the expression, by its documentation. Names are in upper case. */
export const isAcceptedByScheduler = (expression: string): boolean =>
  expression.length <= 256 && ACCEPTED.test(expression);

const selects = (item: string, value: number, [min, max]: readonly [number, number]): boolean => {
  const [covered = '', step = '1'] = item.split('/');
  const [from = '', to = item.includes('/') ? String(max) : from] =
    covered === '*' ? [String(min), String(max)] : covered.split('-');
  return value >= Number(from) && value <= Number(to) && (value - Number(from)) % Number(step) === 0;
};

/** Minutes after midnight at which an accepted cron expression starts. */
export const timesOf = (expression: string): number[] => {
  const [minutes = '', hours = ''] = expression.slice('cron('.length).split(' ');
  const isIn = (text: string, value: number, bounds: readonly [number, number]): boolean =>
    text.split(',').some((item) => selects(item, value, bounds));
  return Array.from({ length: 1440 }, (_, time) => time).filter(
    (time) => isIn(minutes, time % 60, [0, 59]) && isIn(hours, Math.floor(time / 60), [0, 23]),
  );
};

const numbers = (min: number, max: number, names: readonly string[] = []) =>
  fc.integer({ min, max }).chain((value) => {
    const name = names[value - min];
    return fc.constantFrom(String(value), ...(name === undefined ? [] : [name, name.toLowerCase()]));
  });

/** A range whose end is not before its start. */
const ranges = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);

const increments = (min: number, max: number) =>
  fc
    .tuple(fc.oneof(fc.constant('*'), numbers(min, max), ranges(min, max)), fc.integer({ min: 1, max: max - min }))
    .map(([from, step]) => `${from}/${step}`);

const lists = (...items: fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(...items), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));

const commons = (min: number, max: number, names?: readonly string[]) =>
  fc.oneof(fc.constant('*'), lists(numbers(min, max, names), ranges(min, max), increments(min, max)));

const dayOfMonths = fc.oneof(
  commons(1, 31),
  fc.constantFrom('L', 'LW'),
  fc.integer({ min: 1, max: 31 }).map((day) => `${day}W`),
);

const dayOfWeeks = fc.oneof(
  fc.constantFrom('*', 'L', 'MON-FRI'),
  lists(numbers(1, 7, DAYS), ranges(1, 7)),
  numbers(1, 7, DAYS).map((day) => `${day}L`),
  fc.tuple(numbers(1, 7, DAYS), fc.integer({ min: 1, max: 5 })).map(([day, week]) => `${day}#${week}`),
);

/** Expressions that EventBridge Scheduler accepts. */
export const acceptedExpressions = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom('minute', 'hour', 'day'))
    .map(([count, unit]) => `rate(${count} ${unit}${count === 1 ? '' : 's'})`),
  fc
    .tuple(
      commons(0, 59),
      commons(0, 23),
      commons(1, 12, MONTHS),
      commons(1970, 2199),
      fc.oneof(
        dayOfMonths.map((day) => [day, '?'] as const),
        dayOfWeeks.map((day) => ['?', day] as const),
      ),
    )
    .map(
      ([minute, hour, month, year, [day, weekday]]) => `cron(${[minute, hour, day, month, weekday, year].join(' ')})`,
    ),
);

/** Expressions that EventBridge refuses, with the source of that. */
export const REFUSED: readonly [expression: string, source: string][] = [
  ['cron(0 3 * * * *)', 'user guide: with * in one field of days, the other must be ?'],
  ['cron(0 3 ? * ? *)', 'https://cronmaker.pages.dev/aws-eventbridge: exactly one ?'],
  ['cron(0 3 1 * MON *)', 'user guide: no values in both fields of days'],
  ['cron(0 3 * * ?)', 'https://github.com/cds-snc/notification-terraform/pull/344: six fields'],
  ['cron(0 3 * * ? * *)', 'user guide: six fields'],
  ['cron(61 3 * * ? *)', 'user guide: minutes 0-59'],
  ['cron(0 24 * * ? *)', 'user guide: hours 0-23'],
  ['cron(0 3 0 * ? *)', 'user guide: days 1-31'],
  ['cron(0 3 32W * ? *)', 'user guide: days 1-31'],
  ['cron(0 3 3L * ? *)', 'grumBit/aws_cron_expression_validator'],
  ['cron(0 3 W * ? *)', 'user guide: W follows a day'],
  ['cron(0 3 * 13 ? *)', 'user guide: months 1-12'],
  ['cron(0 3 ? * 0 *)', 'https://github.com/winglang/wing/issues/7115: Sunday is 1'],
  ['cron(0 3 ? * -1 *)', 'https://github.com/winglang/wing/issues/7115'],
  ['cron(0 3 ? * 8 *)', 'user guide: days of the week 1-7'],
  ['cron(0 3 ? * 3#6 *)', 'grumBit/aws_cron_expression_validator'],
  ['cron(0 3 ? * 3#1,6#3 *)', 'user guide: one # in a field'],
  ['cron(0 3 * * ? 1969)', 'user guide: years 1970-2199'],
  ['cron(0 3 * * ? 2200)', 'user guide: years 1970-2199'],
  ['cron(x 3 * * ? *)', 'user guide: minutes 0-59'],
  ['cron(61 99 x y z w)', 'user guide'],
  ['cron(*/0 3 * * ? *)', 'grumBit/aws_cron_expression_validator'],
  ['cron(1,,2 3 * * ? *)', 'grumBit/aws_cron_expression_validator'],
  ['cron(? 3 * * ? *)', 'user guide: ? only for days'],
  ['cron(*/60 * * * ? *)', 'https://github.com/aws/aws-sdk-js/issues/4212, for rules'],
  ['rate(1 minutes)', 'https://github.com/aws/aws-cdk/issues/32753, for rules'],
  ['rate(5 minute)', "LocalStack's tests that were validated on AWS, for rules"],
  ['rate(0 minutes)', 'API reference: a positive number'],
  ['rate(1.5 hours)', 'API reference: an integer'],
  ['rate(30 seconds)', 'API reference: minutes, hours, days'],
  ['rate(5)', 'API reference: a value and a unit'],
  ['0 3 * * ? *', 'API reference: cron(fields)'],
  ['hourly', 'API reference'],
];

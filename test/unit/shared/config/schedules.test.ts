import { TimeZone } from 'aws-cdk-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cron } from '#shared/config/schedule/cron.ts';
import { parseSchedule } from '#shared/config/schedule/expression.ts';
import { timeZoneAdvice, timeZoneName } from '#shared/config/schedule/time-zone.ts';
import { minStaleHours } from '#shared/config/staleness.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import {
  acceptedExpressions,
  isAcceptedByScheduler,
  REFUSED,
  timesOf,
} from '#test/unit/shared/config/scheduler-model.ts';

/** The expression as it is deployed; undefined if it is refused. */
const deployed = (expression: string): string | undefined => {
  const parsed = parseSchedule(expression);
  return parsed.ok ? parsed.value.expression : undefined;
};

const cronOf = (expression: string): Cron => {
  const parsed = parseSchedule(expression);
  if (!parsed.ok || parsed.value.kind !== 'cron') throw new Error(`${expression} is not a cron expression.`);
  return parsed.value.cron;
};

const adviceOn = (expression: string): string => {
  const parsed = parseSchedule(expression);
  return parsed.ok ? 'is accepted' : parsed.message;
};

/** Replaces a piece of an expression. */
const slip = fc.record({
  at: fc.nat(40),
  length: fc.nat(3),
  by: fc.oneof(
    fc.constantFrom('?', '*', 'L', 'W', '#', '-', '/', ',', ' ', '60', '0', 'MON', 'jan', '99'),
    fc.string({ maxLength: 2 }),
  ),
});

describe('a schedule expression', () => {
  it('that AWS accepts is accepted, and starts at the same times', () => {
    fc.assert(
      fc.property(acceptedExpressions, (expression) => {
        const found = deployed(expression);
        expect(found).toSatisfy(isAcceptedByScheduler);
        if (expression.startsWith('cron')) expect(cronOf(expression).times).toEqual(timesOf(expression));
        else expect(found).toBe(expression);
      }),
      { numRuns: 200 },
    );
  });

  it('that is accepted is deployed as one that AWS accepts, and is then unchanged', () => {
    fc.assert(
      fc.property(acceptedExpressions, fc.array(slip, { minLength: 1, maxLength: 3 }), (expression, slips) => {
        const changed = slips.reduce(
          (text, { at, length, by }) => text.slice(0, at) + by + text.slice(at + length),
          expression,
        );
        const found = deployed(changed);
        if (found === undefined) return;
        expect(found).toSatisfy(isAcceptedByScheduler);
        expect(deployed(found)).toBe(found);
      }),
      { numRuns: 500 },
    );
  });

  it.each(REFUSED)('%s, which AWS refuses, is refused or corrected', (expression) => {
    expect(isAcceptedByScheduler(expression)).toBe(false);
    expect(deployed(expression) ?? 'cron(0 3 * * ? *)').toSatisfy(isAcceptedByScheduler);
  });

  it.each([
    ['cron(30-30 13-13 ? * 2,4,6 *)', 'cron(30-30 13-13 ? * 2,4,6 *)'],
    ['cron(1-31/30 1-1 ? * 1,7 *)', 'cron(1-31/30 1-1 ? * 1,7 *)'],
    ['cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)', 'cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)'],
    ['cron(0 0 L,15W * ? 2027/2)', 'cron(0 0 L,15W * ? 2027/2)'],
    ['cron( 0   07/12 ? jan-Mar mon#1 *)', 'cron(0 7/12 ? JAN-MAR MON#1 *)'],
    ['cron(*/60 * * * ? *)', 'cron(0 * * * ? *)'],
    ['cron(0 22-4/2 ? * FRI-MON *)', 'cron(0 22,0,2,4 ? * 6,7,1,2 *)'],
    ['cron(0 0 ? * 2/2 *)', 'cron(0 0 ? * 2,4,6 *)'],
    ['cron(0 *-5 * 3-* ? *)', 'cron(0 0,1,2,3,4,5 * 3,4,5,6,7,8,9,10,11,12 ? *)'],
    ['rate(1 minutes)', 'rate(1 minute)'],
    ['rate(05 minute)', 'rate(5 minutes)'],
  ])('%s is deployed as %s', (expression, expected) => {
    expect(deployed(expression)).toBe(expected);
  });

  it.each([
    ['cron(0 3 * * * *)', 'write cron(0 3 * * ? *)'],
    ['cron(0 3 * * *)', 'write cron(0 3 * * ? *)'],
    ['0 3 * * 1-5', 'write cron(0 3 ? * MON-FRI *)'],
    ['*/5 * * * 0,6', 'write cron(*/5 * ? * SUN,SAT *)'],
    ['cron(0 0 3 * * ?)', 'write cron(0 3 * * ? *)'],
    ['cron(0 3 ? * ? *)', 'write cron(0 3 * * ? *)'],
    ['cron(0 3 1 * MON *)', 'one of day-of-month and day-of-week must be ?'],
    ['cron(61 99 x y z w)', 'the minutes (field 1 of 6) must be 0 to 59, such as 0, 0,30 or */15'],
    ['cron(0 3 * * ? 2200)', 'the years (field 6 of 6) must be 1970 to 2199'],
    ['cron(0 3)', 'write six fields, cron(minutes hours day-of-month month day-of-week year)'],
    [
      `cron(${Array.from({ length: 60 }, (_, minute) => minute).join(',')} ${'1,2,3,4,5,6,7,8,9,10,11,12,'.repeat(4)}1 * * ? *)`,
      'is longer than the 256 characters',
    ],
    ['rate(30 seconds)', 'write a whole number from 1 on, and minutes, hours or days, such as rate(5 minutes)'],
    ['5 minutes', 'write rate(5 minutes)'],
    ['at(2027-01-01T00:00:00)', 'at(…) starts once'],
    ['hourly', 'write an EventBridge Scheduler expression, such as rate(1 hour)'],
  ])('%s is refused with advice: %s', (expression, advice) => {
    expect(adviceOn(expression)).toContain(advice);
  });

  /** August 2026 begins on a Saturday and has 31 days. */
  it.each([
    ['1W', '?', [3]],
    ['31W', '?', [31]],
    ['9W', '?', [10]],
    ['15W', '?', [14]],
    ['LW', '?', [31]],
    ['L', '?', [31]],
    ['L-3', '?', [28]],
    ['1-31/10', '?', [1, 11, 21, 31]],
    ['?', 'L', [1, 8, 15, 22, 29]],
    ['?', '6L', [28]],
    ['?', 'MONL', [31]],
    ['?', 'MON#1', [3]],
    ['?', '7#5', [29]],
    ['?', 'SUN', [2, 9, 16, 23, 30]],
  ])('selects with the days %s %s exactly the days %j', (day, weekday, expected) => {
    const { days } = cronOf(`cron(0 0 ${day} * ${weekday} *)`);
    const august = Array.from({ length: 31 }, (_, index) => index + 1);
    expect(
      august.filter((each) => days.selects({ day: each, weekday: ((each + 5) % 7) + 1, daysInMonth: 31 })),
    ).toEqual(expected);
  });
});

describe('a time zone', () => {
  it('can have every name that the CDK lists for schedules', () => {
    const names = Object.values(TimeZone).flatMap((zone) => (zone instanceof TimeZone ? zone.timezoneName : []));
    expect(names.length).toBeGreaterThan(300);
    // Time zones of computers, which JavaScript does not know.
    const refused = names.filter((name) => timeZoneName(name) !== name);
    expect(refused.filter((name) => name !== 'Factory' && !name.startsWith('SystemV/'))).toEqual([]);
  });

  it.each([
    ['europe/vienna', 'Europe/Vienna'],
    ['us/eastern', 'America/New_York'],
    ['US/Eastern', 'US/Eastern'],
    ['Etc/GMT-2', 'Etc/GMT-2'],
    ['UTC', 'UTC'],
    ['EST', 'EST'],
  ])('%s is deployed as %s', (zone, expected) => expect(timeZoneName(zone)).toBe(expected));

  it.each([
    ['+02:00', 'write Etc/GMT-2'],
    ['-05:00', 'write Etc/GMT+5'],
    ['UTC+2', 'write Etc/GMT-2'],
    ['+00:00', 'write UTC'],
    ['+05:30', 'such as Europe/Vienna'],
    ['+99:00', 'such as Europe/Vienna'],
    ['Mars', 'such as Europe/Vienna'],
    ['PST', 'such as Europe/Vienna'],
    ['SystemV/PST8PDT', 'such as Europe/Vienna'],
    ['US/Pacific-New', 'such as Europe/Vienna'],
    ['', 'such as Europe/Vienna'],
  ])('cannot be %j: %s', (zone, advice) => {
    expect(timeZoneName(zone)).toBeUndefined();
    expect(timeZoneAdvice(zone)).toMatch(new RegExp(`${advice.replace('+', '\\+')}$`));
  });
});

describe('docs/configuration.md', () => {
  const PAGE = 'docs/configuration.md';
  const codesIn = (text: string): string[] => Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => code);

  it('shows valid schedules', () => {
    const expressions = [...tableBelow(PAGE, 'Schedules').rows.keys()].flatMap(codesIn);
    expect(expressions).toHaveLength(5);
    for (const expression of expressions) expect(deployed(expression)).toBe(expression);
  });

  it.each([...tableBelow(PAGE, 'Default of staleAfterHours').rows])(
    'gives the default for %s',
    (schedule, [, hours = '']) => {
      const codes = codesIn(schedule);
      const timeZone = codes.find((code) => !code.includes('(')) ?? 'UTC';
      for (const expression of codes.filter((code) => code !== timeZone)) {
        expect(minStaleHours({ expression, timeZone, flexibleMinutes: 5 })).toBe(
          /^\d+$/.test(hours) ? Number(hours) : undefined,
        );
      }
    },
  );
});

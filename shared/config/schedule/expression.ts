import { type Cron, type Parsed, parseCron } from '#shared/config/schedule/cron.ts';

/** A parsed schedule expression. */
export type Schedule = { readonly expression: string } & (
  | { readonly kind: 'rate'; readonly minutes: number }
  | { readonly kind: 'cron'; readonly cron: Cron }
);

/** Source: EventBridge Scheduler API reference, `ScheduleExpression`. */
const MAX_LENGTH = 256;

const UNIT_MINUTES = { minute: 1, hour: 60, day: 1440 } as const;
type Unit = keyof typeof UNIT_MINUTES;
const isUnit = (text: string | undefined): text is Unit => text !== undefined && Object.hasOwn(UNIT_MINUTES, text);

const GENERAL = 'write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)';
const RATE = 'write a whole number from 1 on, and minutes, hours or days, such as rate(5 minutes) or rate(1 hour)';
const AT = 'at(…) starts once, but a sync needs a schedule that repeats, such as rate(1 hour) or cron(0 3 * * ? *)';

const readRate = (text: string): Parsed<Schedule> => {
  const [, digits, unit] = /^\s*(\d{1,9})\s+(minute|hour|day)s?\s*$/i.exec(text) ?? [];
  const name = unit?.toLowerCase();
  const count = Number(digits);
  if (!isUnit(name) || count < 1) return { ok: false, message: RATE };
  // EventBridge refuses "1 minutes" and "5 minute" in rules. Nothing says that Scheduler does, so both are corrected.
  const expression = `rate(${count} ${name}${count === 1 ? '' : 's'})`;
  return { ok: true, value: { kind: 'rate', expression, minutes: count * UNIT_MINUTES[name] } };
};

const readCron = (text: string): Parsed<Schedule> => {
  const parsed = parseCron(text);
  if (!parsed.ok) return parsed;
  const { expression } = parsed.value;
  if (expression.length > MAX_LENGTH) {
    const message = `is longer than the ${MAX_LENGTH} characters that AWS allows; write ranges and increments instead of lists, such as */5`;
    return { ok: false, message };
  }
  return { ok: true, value: { kind: 'cron', expression, cron: parsed.value } };
};

/**
 * Parses a schedule expression that EventBridge Scheduler accepts, and returns it in the documented spelling. The
 * message of a refused one shows the fix, and repeats only what is part of a valid expression. Pure.
 */
export const parseSchedule = (text: string): Parsed<Schedule> => {
  const [, kind, inner = ''] = /^\s*(rate|cron|at)\s*\((.*)\)\s*$/is.exec(text) ?? [];
  switch (kind?.toLowerCase()) {
    case 'rate':
      return readRate(inner);
    case 'cron':
      return readCron(inner);
    case 'at':
      return { ok: false, message: AT };
    default:
      return { ok: false, message: advice(readRate(text), readCron(text)) };
  }
};

/** Advice for a text without rate() or cron() around it: the expression that it seems to be, if any. */
const advice = (...readings: readonly Parsed<Schedule>[]): string => {
  const [meant] = readings.flatMap((reading) => (reading.ok ? reading.value.expression : (reading.meant ?? [])));
  return meant === undefined ? GENERAL : `write ${meant}`;
};

import * as z from 'zod';

/** What fields of several sections are made of. */

/** The shape of an entry of which there are several types, each told by a field of its own. */
export type EntryShape = z.ZodType & z.core.$ZodTypeDiscriminable;

/** A name of the operator's choice: the key of an entry, and what others refer to it by. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter');

/** A secret that an operator makes for the relay, in the Secrets Manager of the stack. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'use the name of a Secrets Manager secret, not its ARN and never the value');

/** A message for what has the wrong format; what is missing or of another type has the loader's words. */
export const wrongFormat =
  (message: string) =>
  ({ code }: z.core.$ZodRawIssue): string | undefined =>
    code === 'invalid_format' ? message : undefined;

/** Patterns as `shared/domain/selection.ts` matches them. */
export const globs = z.array(z.string().min(1)).default([]);
export const GLOBS =
  'Patterns, not case-sensitive: * stands for any text, and every other character for itself. One that begins with ! excludes, whatever the others say and wherever it stands. Exclusions alone select all others, and an empty list all.';

const scheduleExpression = z
  .string()
  .regex(/^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\(\S+( \S+){5}\))$/, {
    message: 'write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)',
  });

/** Formatting knows every zone, its old names too, but getting ready for it costs a cold start 15 ms. */
const isTimeZone = (zone: string): boolean =>
  zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone) || isFormattable(zone);

const isFormattable = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

/** When something starts. */
export const schedule = z.strictObject({
  expression: scheduleExpression.describe('An EventBridge Scheduler expression: rate(1 hour) or cron(0 3 * * ? *).'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'use a name from the IANA time zone database, such as Europe/Vienna')
    .default('UTC')
    .describe('The time zone of a cron expression, by its IANA name.'),
  flexibleMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(5)
    .describe(
      'The start is spread over this many minutes, so that syncs do not all start together; 0 for exactly on time.',
    ),
});

/** Text with placeholders; see `shared/domain/template.ts`. */
export const template = z.string().min(1);

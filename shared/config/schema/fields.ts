import * as z from 'zod';

/** Building blocks for the fields of several sections. */

/** Shape of an entry with several types, which a field discriminates. */
export type EntryShape = z.ZodType & z.core.$ZodTypeDiscriminable;

/** Name that an operator chooses: the key of an entry, by which other entries refer to it. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter');

/** Secret that an operator creates for the relay, in the Secrets Manager of the stack's account and region. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'use the name of a Secrets Manager secret, not its ARN and never the value');

/** Message for a wrong format. For a missing value or a wrong type the loader has its own messages. */
export const wrongFormat =
  (message: string) =>
  ({ code }: z.core.$ZodRawIssue): string | undefined =>
    code === 'invalid_format' ? message : undefined;

/** Patterns; see `shared/domain/selection.ts`. */
export const globs = z.array(z.string().min(1)).default([]);
export const GLOBS =
  'Patterns, not case-sensitive: * matches any text, and every other character matches itself. A pattern that begins with ! excludes, and takes precedence at any position. A list of exclusions selects everything else; an empty list selects everything.';

const scheduleExpression = z
  .string()
  .regex(/^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\(\S+( \S+){5}\))$/, {
    message: 'write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)',
  });

/** A formatter accepts every zone, including old names, but creating one adds 15 ms to a cold start. */
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

/** Schedule of a workflow. */
export const schedule = z.strictObject({
  expression: scheduleExpression.describe(
    'EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *).',
  ),
  timeZone: z
    .string()
    .refine(isTimeZone, 'use a name from the IANA time zone database, such as Europe/Vienna')
    .default('UTC')
    .describe('IANA name of the time zone of a cron expression.'),
  flexibleMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(5)
    .describe(
      'Window in minutes within which the start is delayed, so that syncs do not all start together; 0 starts on time.',
    ),
});

/** Text with placeholders; see `shared/domain/template.ts`. */
export const template = z.string().min(1);

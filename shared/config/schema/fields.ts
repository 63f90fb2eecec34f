import * as z from 'zod';
import { hints } from '#shared/config/hints.ts';
import { parseSchedule } from '#shared/config/schedule/expression.ts';
import { timeZoneAdvice, timeZoneName } from '#shared/config/schedule/time-zone.ts';
import { isPlainText } from '#shared/domain/text.ts';

/** Building blocks for the fields of several sections. */

/** Shape of an entry with several types, which a field discriminates. */
export type EntryShape = z.ZodType & z.core.$ZodTypeDiscriminable;

/** Name that an operator chooses: the key of an entry, by which other entries refer to it. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter');

/** More stores than anyone delivers to, and few enough for one batch to wait for all of them. */
const MAX_STORES = 10;

/** Names of the stores that a rule delivers to. */
export const storeNames = z
  .array(name)
  .min(1, 'names no store; write at least one entry of the section stores in the brackets')
  .max(MAX_STORES, `name at most ${MAX_STORES} stores; split the rule`)
  .refine((stores) => new Set(stores).size === stores.length, 'name each store only once')
  .meta({ examples: [['aws']] })
  .register(hints, { namesEntryOf: 'stores' });

/** Connection that a rule reads from. */
export const connectionName = name.meta({ examples: ['vault'] }).register(hints, { namesEntryOf: 'connections' });

/** Secret that an operator creates for the relay, in the Secrets Manager of the stack's account and region. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'use the name of a Secrets Manager secret, not its ARN and never the value');

/** Unique id of a role or user that sends messages, as SQS states it. The id of an access key looks alike. */
export const senderId = z
  .string()
  .regex(
    /^A(?:ROA|IDA)[A-Z0-9]{12,124}$/,
    'use the unique id of a role or user: aws iam get-role --role-name ROLE --query Role.RoleId',
  );

/** Message for a wrong format. For a missing value or a wrong type the loader has its own messages. */
export const wrongFormat =
  (message: string) =>
  ({ code }: z.core.$ZodRawIssue): string | undefined =>
    code === 'invalid_format' ? message : undefined;

/** Patterns; see `shared/domain/selection.ts`. */
export const globs = z
  .array(
    z
      .string()
      .min(1)
      .refine(
        isPlainText,
        String.raw`remove the line break or control character, which a backslash in double quotes can stand for; use single quotes, such as 'CORP\svc-*'`,
      ),
  )
  .meta({ examples: [['db-*']] })
  .default([]);
export const GLOBS =
  'Patterns, not case-sensitive: * matches any text, and every other character matches itself. A pattern that begins with ! excludes, and takes precedence at any position. A list of exclusions selects everything else; an empty list selects everything.';

/** Passes on the documented spelling. The pattern is for editors, which cannot know the rest. */
const scheduleExpression = z
  .string()
  .meta({ pattern: String.raw`^\s*(rate|cron)\s*\(.*\)\s*$`, examples: ['rate(1 hour)', 'cron(0 3 * * ? *)'] })
  .transform((written, context) => {
    const parsed = parseSchedule(written);
    if (parsed.ok) return parsed.value.expression;
    context.addIssue({ code: 'custom', message: parsed.message });
    return z.NEVER;
  });

const timeZone = z
  .string()
  .meta({ examples: ['Europe/Vienna'] })
  .transform((written, context) => {
    const name = timeZoneName(written);
    if (name !== undefined) return name;
    context.addIssue({ code: 'custom', message: timeZoneAdvice(written) });
    return z.NEVER;
  });

/** Schedule of a workflow. */
export const schedule = z
  .strictObject({
    expression: scheduleExpression
      .describe('EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *).')
      .register(hints, { vendorNames: ['ScheduleExpression'] }),
    timeZone: timeZone
      .default('UTC')
      .describe('IANA name of the time zone of a cron expression.')
      .register(hints, { vendorNames: ['ScheduleExpressionTimezone'] }),
    flexibleMinutes: z
      .int()
      .min(0)
      .max(1440)
      .default(5)
      .describe(
        'Window in minutes within which the start is delayed, so that syncs do not all start together; 0 starts on time.',
      )
      .register(hints, { vendorNames: ['FlexibleTimeWindow', 'MaximumWindowInMinutes'] }),
  })
  .meta({ examples: [{ expression: 'rate(1 hour)' }] });

/** Text with placeholders; see `shared/domain/template.ts`. */
export const template = z.string().min(1);

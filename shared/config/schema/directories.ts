import * as z from 'zod';
import { connectionName, schedule, senderId } from '#shared/config/schema/fields.ts';
import { declaredGroupSchema, declaredMemberSchema } from '#shared/domain/directory/declared.ts';

/** More than this on one day is a mistake of the source rather than people who leave. */
const MAX_PER_DAY = 1000;

const source = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'use the name of an S3 bucket, such as acme-people')
    .meta({ examples: ['acme-people'] })
    .describe("Bucket in the stack's region. The relay may only read the object."),
  key: z
    .string()
    // No character that IAM reads as a pattern: the relay may read one object.
    .regex(
      /^[\w !.'()/=+:@,&-]{1,512}$/,
      "use the key of an object, such as directory/members.json, of letters, digits, spaces and !.'()/=+:@,&-",
    )
    .meta({ examples: ['directory/members.json'] })
    .describe('Key of the object.'),
  format: z
    .enum(['json', 'csv'])
    .default('json')
    .describe('json: the schema directory.schema.json. csv: columns email, type, groups and collections.'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'use the 12 digits of an AWS account, in quotes')
    .optional()
    .meta({ examples: ['111122223333'] })
    .describe('Account that must own the bucket. Without it, the owner is not checked.'),
  kmsKey: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(?:mrk-)?[0-9a-f-]+$/, 'use the ARN of a KMS key')
    .optional()
    .meta({ examples: ['arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666'] })
    .describe('Key of the object, if it is encrypted with a key of KMS.'),
});

const removals = z.strictObject({
  maxPerDay: z
    .int()
    .min(0)
    .max(MAX_PER_DAY)
    .default(10)
    .describe('Maximum of members and groups whose removal begins on one day (UTC). If more would leave, none does.'),
  maxPercent: z
    .int()
    .min(0)
    .max(100)
    .default(5)
    .describe(
      'The same as a percentage of the members that the relay manages, but at least one. With 0, none may leave.',
    ),
  graceDays: z
    .int()
    .min(0)
    .max(90)
    .default(14)
    .describe(
      'Days between the end of all use and the removal, within which a member can be restored. With 0, nothing can be taken back.',
    ),
});

const reinvite = z.strictObject({
  afterDays: z.int().min(1).max(90).default(7).describe('Days after which an invitation is sent again.'),
  maxTimes: z.int().min(1).max(10).default(2).describe('Number of times that an invitation is sent again.'),
});

const policy = z.strictObject({
  type: z
    .int()
    .min(0)
    .max(100)
    .meta({ examples: [1] })
    .describe('Number of the policy, of those that the page of the connection lists.'),
  enabled: z
    .boolean()
    .meta({ examples: [true] })
    .describe('True if the policy has to be switched on.'),
  data: z.record(z.string(), z.unknown()).default({}).describe('Settings that are compared. Others stay as they are.'),
  apply: z
    .boolean()
    .default(false)
    .describe('True to write it. Some policies revoke members who do not comply; without it, it is only reported.'),
});

/** More than this from one sender on one day is a mistake rather than people who leave. */
const MAX_OF_SENDER = 1000;

const messages = z.strictObject({
  senders: z
    .array(senderId)
    .min(1, 'is empty; name the senders of messages about people')
    .refine((ids) => new Set(ids).size === ids.length, 'list each sender once')
    .meta({ examples: [['AROA1234567890EXAMPLE']] })
    .describe('Unique ids of the roles and users whose messages about people count.'),
  maxPerDay: z
    .int()
    .min(0)
    .max(MAX_OF_SENDER)
    .default(10)
    .describe('Maximum of members that one sender lets leave on one day (UTC). They also count as removals.'),
});

/** A rule that keeps people and groups of a directory as declared. */
export const directorySchema = z.strictObject({
  connection: connectionName.describe('Connection to the directory.'),
  members: z
    .array(declaredMemberSchema)
    .min(1, 'declares no person; write at least one member, or use source')
    .optional()
    .meta({ examples: [[{ email: 'ann@example.com', groups: ['Engineers'] }]] })
    .describe('All people who belong to the directory.'),
  groups: z
    .array(declaredGroupSchema)
    .default([])
    .meta({ examples: [[{ name: 'Engineers' }]] })
    .describe('All groups that the relay manages. A source in JSON has its own.'),
  source: source
    .optional()
    .meta({ examples: [{ bucket: 'acme-people', key: 'directory/members.json' }] })
    .describe('Instead of members: an object in S3 that declares them.'),
  schedule: schedule.optional().describe('Schedule on which the declared state is applied.'),
  drift: z
    .strictObject({ schedule: schedule.describe('Schedule of the comparison.') })
    .optional()
    .meta({ examples: [{ schedule: { expression: 'rate(1 hour)' } }] })
    .describe('A comparison that changes nothing.'),
  messages: messages
    .optional()
    .meta({ examples: [{ senders: ['AROA1234567890EXAMPLE'] }] })
    .describe('Messages about people who join, leave or move. Without it, the rule takes none.'),
  removals: removals.prefault({}).describe('Limits of removals.'),
  reinvite: reinvite
    .optional()
    .meta({ examples: [{ afterDays: 7 }] })
    .describe('Repeats invitations without an answer.'),
  policies: z
    .array(policy)
    .default([])
    .meta({ examples: [[{ type: 0, enabled: true }]] })
    .describe('Policies that are compared.'),
});

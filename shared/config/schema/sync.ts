import * as z from 'zod';
import { GLOBS, globs, name, schedule, template } from '#shared/config/schema/fields.ts';
import { ACCOUNT_TYPES } from '#shared/domain/account.ts';

/** CloudWatch looks back seven days at most when it evaluates an alarm (PutMetricAlarm, `EvaluationPeriods`). */
const MAXIMUM_STALE_HOURS = 168;

/** A rule that keeps a store in step with a vault. */
export const sync = z.strictObject({
  connection: name.describe('The connection to read from.'),
  store: name.describe('The store to deliver into.'),
  select: z
    .strictObject({
      systems: globs.describe(`Names of managed systems. ${GLOBS}`),
      accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
      domains: globs.describe(`Names of domains; that of a local account is empty. ${GLOBS}`),
      workgroups: globs.describe(`Names of workgroups. ${GLOBS}`),
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
    })
    .prefault({})
    .describe('Which accounts to deliver; every account that the connection may request when left out.'),
  name: template.describe(
    'Name of each secret, such as prod/{systemName}/{accountName}. It begins with a folder of its own, and tells account and system.',
  ),
  value: z
    .union([template, z.record(z.string().min(1), template)])
    .default({ username: '{accountName}', password: '{credential}' })
    .describe('What each secret holds: a JSON object of templates, or one template for plain text.'),
  schedule: schedule.describe('When to look for changed credentials and deliver them.'),
  verify: schedule
    .optional()
    .describe('When to compare every value itself, and not only the date of its change. Reads every credential.'),
  requestMinutes: z
    .int()
    .min(1)
    .max(525_600)
    .default(15)
    .describe('How long each request lives if it were never checked in.'),
  rotationWindowMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe('A change within this time after our own check-in is taken for the vault rotating after release.'),
  orphans: z
    .discriminatedUnion('policy', [
      z.strictObject({ policy: z.literal('keep').describe('They stay as they are.') }),
      z.strictObject({
        policy: z.literal('delete').describe('They are scheduled for deletion.'),
        budget: z
          .int()
          .min(0)
          .max(1000)
          .default(5)
          .describe('A run that would delete more than this deletes nothing and says so.'),
        recoveryDays: z.int().min(7).max(30).default(30).describe('How long a deleted secret can be restored.'),
      }),
    ])
    .default({ policy: 'keep' })
    .describe('What becomes of secrets of this sync whose account is no longer selected.'),
  batchSize: z.int().min(1).max(250).default(100).describe('Accounts that one batch handles.'),
  concurrency: z
    .int()
    .min(1)
    .max(40)
    .default(2)
    .describe('Batches at the same time; they share the limits of the connection.'),
  staleAfterHours: z
    .int()
    .min(1)
    .max(MAXIMUM_STALE_HOURS)
    .default(24)
    .describe('Alarm when no run has succeeded for this long.'),
});

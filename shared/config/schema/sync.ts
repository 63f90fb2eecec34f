import * as z from 'zod';
import { hints } from '#shared/config/hints.ts';
import { connectionName, schedule, storeNames, template } from '#shared/config/schema/fields.ts';
import { MAX_ABSENT } from '#shared/domain/memory.ts';

/** CloudWatch evaluates an alarm over at most seven days. Source: its API reference, `PutMetricAlarm`, `Period`. */
export const MAX_STALE_HOURS = 168;

/**
 * Settings common to all syncs, as a raw shape. A source spreads them into its `sync`, beside `source`, `value` and its
 * own settings. A parsed sync always has a `value`.
 */
export const commonSync = {
  connection: connectionName.describe('Connection to read from.'),
  stores: storeNames.describe('Stores to deliver to. Each receives every credential.'),
  name: template
    .meta({ examples: ['prod/{systemName}/{accountName}'] })
    .describe(
      'Name of each secret, such as prod/{systemName}/{accountName}. It must begin with a folder of its own and be unique for each item.',
    ),
  schedule: schedule.describe('Schedule on which changed credentials are found and delivered.'),
  verify: schedule
    .optional()
    .describe(
      'Schedule on which the values themselves are compared, not only their dates of change. Reads every credential.',
    ),
  orphans: z
    .discriminatedUnion('policy', [
      z.strictObject({ policy: z.literal('keep').describe('Orphans are kept.') }),
      z.strictObject({
        policy: z
          .literal('delete')
          .describe('The second run that misses the item of an orphan schedules its deletion.'),
        budget: z
          .int()
          .min(0)
          .max(MAX_ABSENT)
          .default(5)
          .describe('If a run misses more than this number at once, nothing is deleted, and the report has a note.'),
        recoveryDays: z
          .union([z.int().min(7).max(30), z.literal('none')])
          .meta({ examples: [30] })
          .optional()
          .describe(
            'Days during which a deleted secret can be restored, or `none` to delete it at once. Default: 30 in Secrets Manager. In OpenBao and Vault, only `none` is allowed; if left out, it can be restored until someone destroys it. Parameter Store needs `none`.',
          )
          .register(hints, { vendorNames: ['RecoveryWindowInDays'] }),
      }),
    ])
    .default({ policy: 'keep' })
    .describe('Orphans: secrets of this sync whose item is no longer selected.'),
  batchSize: z.int().min(1).max(250).default(100).describe('Items in one batch.'),
  concurrency: z
    .int()
    .min(1)
    .max(40)
    .default(2)
    .describe('Batches that run concurrently. They share the limits of the connection.'),
  staleAfterHours: z
    .int()
    .min(1)
    .max(MAX_STALE_HOURS)
    .optional()
    .describe(
      'Hours without a successful run after which an alarm is raised. Default: the longest time between two runs of the schedule, with daylight saving time, plus flexibleMinutes and one hour. No alarm if that is more than 168 hours.',
    ),
};

import * as z from 'zod';
import { name, schedule, template } from '#shared/config/schema/fields.ts';
import { MAX_ABSENT } from '#shared/domain/memory.ts';

/** CloudWatch looks back seven days at most when it evaluates an alarm (PutMetricAlarm, `EvaluationPeriods`). */
const MAX_STALE_HOURS = 168;

/** What a secret holds, as relay.yaml says it: a JSON object of templates, or one template for plain text. */
export const valueTemplate = z.union([template, z.record(z.string().min(1), template)]);

/**
 * What every sync has, whatever it delivers, as a raw shape: a source spreads it into its `sync`, beside `source`, `value`
 * and settings of its own. A parsed sync always has a `value`.
 */
export const commonSync = {
  connection: name.describe('The connection to read from.'),
  store: name.describe('The store to deliver into.'),
  name: template.describe(
    'Name of each secret, such as prod/{systemName}/{accountName}. It begins with a folder of its own, and tells apart what is delivered.',
  ),
  schedule: schedule.describe('When to look for changed credentials and deliver them.'),
  verify: schedule
    .optional()
    .describe('When to compare every value itself, and not only the date of its change. Reads every credential.'),
  orphans: z
    .discriminatedUnion('policy', [
      z.strictObject({ policy: z.literal('keep').describe('They stay as they are.') }),
      z.strictObject({
        policy: z
          .literal('delete')
          .describe('They are scheduled for deletion by the second run that misses their source.'),
        budget: z
          .int()
          .min(0)
          .max(MAX_ABSENT)
          .default(5)
          .describe('When a run misses more than this at once, nothing is deleted, and the run says so.'),
        recoveryDays: z.int().min(7).max(30).default(30).describe('How long a deleted secret can be restored.'),
      }),
    ])
    .default({ policy: 'keep' })
    .describe('What becomes of secrets of this sync whose source is no longer selected.'),
  batchSize: z.int().min(1).max(250).default(100).describe('What one batch handles.'),
  concurrency: z
    .int()
    .min(1)
    .max(40)
    .default(2)
    .describe('Batches at the same time; they share the limits of the connection.'),
  staleAfterHours: z
    .int()
    .min(1)
    .max(MAX_STALE_HOURS)
    .default(24)
    .describe('Alarm when no run has succeeded for this long.'),
};

import * as z from 'zod';
import { connectionName, schedule, senderId } from '#shared/config/schema/fields.ts';
import { ROTATION_DEFAULTS } from '#shared/domain/rotation/settings.ts';

/** An execution of Step Functions waits for the pauses and deadlines of a rotation. */
const MAX_PAUSE_MINUTES = 7 * 1440;
const MAX_DEADLINE_MINUTES = 1440;
const MAX_WINDOW_HOURS = 168;

/** Ten years. A longer limit watches nothing. */
const MAX_AGE_DAYS = 3650;

const MAX_BUDGET = 100_000;

/**
 * Settings common to all rotations, as a raw shape. A source spreads them into its `rotation`, beside `source` and its
 * own settings.
 */
export const commonRotation = {
  connection: connectionName.describe('Connection whose items rotate.'),
  with: connectionName
    .optional()
    .describe(
      'Connection to the same vault that changes the credentials, if the other one may not. Default: the same.',
    ),
  schedule: schedule
    .optional()
    .describe('Schedule on which all selected items rotate. Without it, only messages start the rotation.'),
  window: z
    .strictObject({
      hours: z
        .int()
        .min(1)
        .max(MAX_WINDOW_HOURS)
        .meta({ examples: [4] })
        .describe('Hours after a scheduled start.'),
    })
    .optional()
    .meta({ examples: [{ hours: 4 }] })
    .describe(
      'Time in which a scheduled rotation starts changes. The next scheduled start continues it. Default: until it is done.',
    ),
  canary: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Accounts in the first wave. If one fails, nothing else rotates.'),
  size: z.int().min(1).max(1000).default(20).describe('Maximum of accounts in a wave.'),
  concurrency: z.int().min(1).max(20).default(2).describe('Maximum of accounts that change at the same time.'),
  pauseMinutes: z
    .int()
    .min(0)
    .max(MAX_PAUSE_MINUTES)
    .default(10)
    .describe('Pause between two waves, in which readers show if they still work.'),
  threshold: z
    .union([
      z.strictObject({
        count: z
          .int()
          .min(1)
          .meta({ examples: [5] })
          .describe('Number of failures.'),
      }),
      z.strictObject({
        percent: z
          .number()
          .gt(0)
          .max(100)
          .meta({ examples: [2] })
          .describe('Percentage of all selected accounts.'),
      }),
    ])
    .meta({ examples: [{ percent: 2 }] })
    .default({ count: 1 })
    .describe('Failures at which the rotation stops. Changes that have started still end.'),
  perSystem: z
    .int()
    .min(1)
    .max(100)
    .default(ROTATION_DEFAULTS.perSystem)
    .describe('Maximum of accounts of one system in a wave.'),
  countUnknown: z
    .boolean()
    .default(ROTATION_DEFAULTS.countUnknown)
    .describe('True if a change that the vault does not show in time counts as a failure.'),
  deadlineMinutes: z
    .int()
    .min(1)
    .max(MAX_DEADLINE_MINUTES)
    .default(60)
    .describe('Time for the vault to show the change of an account. Allow for its queue.'),
  queue: z
    .boolean()
    .default(false)
    .describe('True if the vault may queue a change, for example while the system is unreachable.'),
  underCheckouts: z
    .boolean()
    .default(false)
    .describe('True to rotate accounts that a checkout has open as well. Its holder then has an outdated credential.'),
  unordered: z
    .boolean()
    .default(false)
    .describe(
      'True to rotate although the user may not read which accounts the vault needs to change others. These then change in any order.',
    ),
  undelivered: z
    .boolean()
    .default(false)
    .describe('True to rotate accounts that no sync delivers as well. Their readers get no new credential.'),
  emergency: z
    .boolean()
    .default(false)
    .describe(
      'True for a rule that one message may rotate as a whole, with everything: true. It needs senders and a budget, and has no schedule.',
    ),
  senders: z
    .array(senderId)
    .min(1)
    .refine((ids) => new Set(ids).size === ids.length, 'list each sender once')
    .optional()
    .meta({ examples: [['AROA1234567890EXAMPLE']] })
    .describe(
      'Unique ids of the roles and users that may send messages to the rule. Default: every sender of the queue.',
    ),
  budget: z
    .int()
    .min(1)
    .max(MAX_BUDGET)
    .optional()
    .meta({ examples: [500] })
    .describe(
      'Maximum of accounts that one message may rotate. A message that selects more rotates none. Default: no maximum.',
    ),
  maxAgeDays: z
    .int()
    .min(1)
    .max(MAX_AGE_DAYS)
    .optional()
    .meta({ examples: [90] })
    .describe(
      'Maximum age of the selected credentials. The relay looks at their dates every 6 hours, and an alarm is raised if one is older or has no date. It starts no rotation. Default: ages are not watched.',
    ),
};

import * as z from 'zod';
import { name, schedule } from '#shared/config/schema/fields.ts';
import { MAX_STALE_HOURS } from '#shared/config/schema/sync.ts';

/** Ten years. The remote system decides how far back its events go. */
const MAX_START_DAYS = 3650;

/** A day. */
const MAX_OVERLAP_MINUTES = 1440;

/** The re-sweep reads all these days again, each time. */
const MAX_RESWEEP_DAYS = 31;

/** A rule that exports the audit events of a remote system. */
export const exportSchema = z.strictObject({
  connection: name.meta({ examples: ['people'] }).describe('Connection whose audit events are exported.'),
  schedule: schedule.describe('Schedule of the export. Each run continues where the last one ended.'),
  startFromDays: z
    .int()
    .min(0)
    .max(MAX_START_DAYS)
    .default(30)
    .describe('Days before the first run from which on events are exported. Later runs do not use it.'),
  lagMinutes: z
    .int()
    .min(1)
    .max(60)
    .default(1)
    .describe('Minutes before now at which a run ends, because the latest events are not all there yet.'),
  overlapMinutes: z
    .int()
    .min(0)
    .max(MAX_OVERLAP_MINUTES)
    .default(10)
    .describe('Minutes before the end of the last run that a run reads again.'),
  resweep: z
    .strictObject({
      days: z
        .int()
        .min(1)
        .max(MAX_RESWEEP_DAYS)
        .default(7)
        .describe('Days that are read again. An event that arrives later than that is not exported.'),
      at: z
        .string()
        .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use a time of day in UTC, such as 03:00')
        .default('03:00')
        .describe('Time of day in UTC. The first run after it reads the days again.'),
    })
    .prefault({})
    .describe('Daily second look at the last days, for events that arrive late.'),
  alarmAfterHours: z
    .int()
    .min(1)
    .max(MAX_STALE_HOURS)
    .default(24)
    .describe('Age of the oldest moment that is not exported yet, in hours, at which an alarm is raised.'),
  keepDays: z
    .int()
    .min(MAX_RESWEEP_DAYS + 1)
    .max(MAX_START_DAYS)
    .optional()
    .meta({ examples: [400] })
    .describe('Days after which exported files are deleted from the bucket. Default: they are kept.'),
});

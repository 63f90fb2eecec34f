import * as z from 'zod';
import { connectionName, globs, schedule } from '#shared/config/schema/fields.ts';

/** A year. No vault shows older checkouts. */
const MAX_HOURS = 8760;

/** More than this in one run is a mistake of the rule rather than forgotten checkouts. */
const MAX_BUDGET = 100;

const hours = z.int().min(1).max(MAX_HOURS);

/** Patterns as elsewhere, but an empty list selects nothing here, so it cannot be written. */
const groups = globs
  .unwrap()
  .min(1, 'names no group; write patterns of groups in the brackets, or everything: true instead')
  .meta({ examples: [['Contractors']] });

/**
 * Settings common to all rules under `oldCheckouts`, as a raw shape. A source spreads them into its `oldCheckouts`,
 * beside `source` and its own settings.
 */
export const commonOldCheckouts = {
  connection: connectionName.describe('Connection whose checkouts are reported: those of all users.'),
  schedule: schedule.describe('Schedule on which the relay looks for old checkouts.'),
  olderThanHours: hours.meta({ examples: [8] }).describe('Age in hours from which on a checkout is reported.'),
  forceCheckIn: z
    .strictObject({
      olderThanHours: hours
        .meta({ examples: [24] })
        .describe('Age in hours from which on a checkout is ended. Not less than the age that is reported.'),
      groups: groups
        .optional()
        .describe(
          'Groups whose checkouts may be ended. Patterns, not case-sensitive: * matches any text, and a pattern that begins with ! excludes. At least one pattern includes.',
        ),
      everything: z
        .literal(true)
        .optional()
        .describe('Instead of groups: the checkouts of all selected items may be ended.'),
      rotate: z
        .boolean()
        .default(false)
        .describe('True to ask the vault to change the credential after its checkout was ended.'),
      budget: z
        .int()
        .min(1)
        .max(MAX_BUDGET)
        .default(5)
        .describe('Maximum of checkouts that one run ends, the oldest first. The next run continues.'),
    })
    .optional()
    .meta({ examples: [{ olderThanHours: 24, groups: ['Contractors'] }] })
    .describe(
      'Ends checkouts, of all users, unless a session uses the credential or this is unknown. Without it, checkouts are only reported.',
    ),
};

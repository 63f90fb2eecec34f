import * as z from 'zod';
import { name, template } from '#shared/config/schema/fields.ts';
import { valueTemplate } from '#shared/config/schema/sync.ts';

const DAY_MINUTES = 1440;

/** Step Functions runs an execution for a year at most; these and the wait for an approval have to fit into it. */
const LONGEST_WINDOW_MINUTES = 180 * DAY_MINUTES;
const LONGEST_EXTENSION_MINUTES = 60 * DAY_MINUTES;
const LONGEST_APPROVAL_HOURS = 60 * 24;

/**
 * What every rule has under which tickets and messages may open items for a while, as a raw shape: a source spreads it into
 * its `checkout`, beside `source` and settings of its own.
 */
export const commonCheckout = {
  connection: name.describe('The connection to check out from.'),
  store: name.describe('The store to deliver into.'),
  name: template.describe(
    'Name of each secret, such as checkouts/{checkoutId}/{systemName}/{accountName}. It begins with a folder of its own, has {checkoutId} alone between two slashes, and tells items apart.',
  ),
  value: valueTemplate
    .default({ username: '{accountName}', password: '{credential}' })
    .describe('What each secret holds: a JSON object of templates, or one template for plain text.'),
  longestMinutes: z
    .int()
    .min(1)
    .max(LONGEST_WINDOW_MINUTES)
    .default(480)
    .describe('The longest window that a message may ask for.'),
  extensionMinutes: z
    .int()
    .min(0)
    .max(LONGEST_EXTENSION_MINUTES)
    .default(60)
    .describe('How far a window may be extended. Every lease is made to last so much longer than its window.'),
  approvalHours: z
    .int()
    .min(1)
    .max(LONGEST_APPROVAL_HOURS)
    .default(72)
    .describe('How long to wait for approval, and for an item that somebody else has checked out.'),
  rotateOnCheckIn: z
    .boolean()
    .default(true)
    .describe('Whether the vault is to change the credential once it was given back.'),
  confirmMinutes: z
    .int()
    .min(0)
    .max(DAY_MINUTES)
    .default(30)
    .describe('How long to wait until the vault shows that it has changed the credential; 0 does not look.'),
  retire: z
    .enum(['destroy', 'recoverable'])
    .default('destroy')
    .describe('What becomes of the delivered secret in the end: gone at once, or recoverable for a week.'),
};

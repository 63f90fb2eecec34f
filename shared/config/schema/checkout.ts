import * as z from 'zod';
import { connectionName, name, storeNames, template } from '#shared/config/schema/fields.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';

const DAY_MINUTES = 1440;

/**
 * A Step Functions execution lasts at most one year. The window, its extension and the wait for an approval must fit.
 */
const MAX_WINDOW_MINUTES = 180 * DAY_MINUTES;
const MAX_EXTENSION_MINUTES = 60 * DAY_MINUTES;
const MAX_APPROVAL_HOURS = 60 * 24;

/**
 * Settings common to all checkouts, as a raw shape. A source spreads them into its `checkout`, beside `source` and its
 * own settings.
 */
export const commonCheckout = {
  connection: connectionName.describe('Connection to check out from.'),
  stores: storeNames.describe('Stores to deliver to. Each receives every credential.'),
  name: template
    .meta({ examples: ['checkouts/{checkoutId}/{systemName}/{accountName}'] })
    .describe(
      'Name of each secret, such as checkouts/{checkoutId}/{systemName}/{accountName}. It must begin with a folder of its own, contain {checkoutId} alone between two slashes, and be unique for each item.',
    ),
  value: valueTemplate
    .default({ username: '{accountName}', password: '{credential}' })
    .describe(
      'Content of each secret: a map, which becomes a JSON object and whose texts are templates, or one template for plain text.',
    ),
  maxMinutes: z
    .int()
    .min(1)
    .max(MAX_WINDOW_MINUTES)
    .default(480)
    .describe('Longest window that a message can request.'),
  extensionMinutes: z
    .int()
    .min(0)
    .max(MAX_EXTENSION_MINUTES)
    .default(60)
    .describe('Longest extension of a window. Every lease is requested for the window plus this time.'),
  approvalHours: z
    .int()
    .min(1)
    .max(MAX_APPROVAL_HOURS)
    .default(72)
    .describe('Longest wait for an approval, or for an item that someone else has checked out.'),
  rotateOnCheckIn: z
    .boolean()
    .default(true)
    .describe('True if the vault should change the credential after the check-in.'),
  confirmMinutes: z
    .int()
    .min(0)
    .max(DAY_MINUTES)
    .default(30)
    .describe('Longest wait for the vault to show that it has changed the credential; 0 skips the check.'),
  rotate: name
    .meta({ examples: ['weekly'] })
    .optional()
    .describe(
      'Rotation that changes the credentials once the checkout is over and everything of it is closed. Default: none.',
    ),
  retire: z
    .enum(['destroy', 'recoverable'])
    .default('destroy')
    .describe(
      'How the delivered secret is deleted at the end: immediately, or recoverable: for a week in Secrets Manager, and in OpenBao and Vault until someone destroys it. Parameter Store only destroys.',
    ),
};

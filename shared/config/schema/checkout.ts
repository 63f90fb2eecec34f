import * as z from 'zod';
import { GLOBS, globs, name, template } from '#shared/config/schema/fields.ts';
import { HANDED_OUT } from '#shared/domain/checkout.ts';

const DAY_MINUTES = 1440;

/** Step Functions runs an execution for a year at most; these and the wait for an approval have to fit into it. */
const LONGEST_WINDOW_MINUTES = 180 * DAY_MINUTES;
const LONGEST_EXTENSION_MINUTES = 60 * DAY_MINUTES;
const LONGEST_APPROVAL_HOURS = 60 * 24;

/** A rule under which tickets and messages may open accounts for a while. */
export const checkout = z.strictObject({
  connection: name.describe('The connection to check out from.'),
  store: name.describe('The store to deliver into.'),
  select: z
    .strictObject({
      systems: globs.describe(`Names of managed systems. ${GLOBS}`),
      accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
      domains: globs.describe(`Names of domains; that of a local account is empty. ${GLOBS}`),
    })
    .prefault({})
    .describe('Which accounts may be asked for; every account that the connection may request when left out.'),
  handsOut: z
    .enum(HANDED_OUT)
    .default('password')
    .describe('What is delivered: the password, the SSH key, or the ticket or file of a session.'),
  access: z
    .enum(['request', 'isa'])
    .default('request')
    .describe('Through a request, or at once where the user has the role of an Information Systems Administrator.'),
  name: template.describe(
    'Name of each secret, such as checkouts/{checkoutId}/{systemName}/{accountName}. It begins with a folder of its own, and tells checkout, account and system.',
  ),
  value: z
    .union([template, z.record(z.string().min(1), template)])
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
    .describe('How far a window may be extended. Every request is made to last so much longer than its window.'),
  approvalHours: z
    .int()
    .min(1)
    .max(LONGEST_APPROVAL_HOURS)
    .default(72)
    .describe('How long to wait for approval, and for an account that somebody else has checked out.'),
  ticketSystemId: z
    .int()
    .min(1)
    .optional()
    .describe("Id of the vault's ticket system that ticket numbers belong to; its default one when left out."),
  rotateOnCheckIn: z
    .boolean()
    .default(true)
    .describe('Whether the vault is to change the credential once it was given back.'),
  confirmMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(30)
    .describe('How long to wait until the vault shows that it has changed the credential; 0 does not look.'),
  retire: z
    .enum(['destroy', 'recoverable'])
    .default('destroy')
    .describe('What becomes of the delivered secret in the end: gone at once, or recoverable for a week.'),
});

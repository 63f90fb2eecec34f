import * as z from 'zod';
import { timeZoneAdvice, timeZoneName } from '#shared/config/schedule/time-zone.ts';
import { name, secretName } from '#shared/config/schema/fields.ts';
import { WISHES } from '#shared/domain/ticket/ticket.ts';
import { PRESET_NAMES, PRESETS } from '#shared/webhooks/presets.ts';

const pointer = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'use a JSON pointer into the body, such as /issue/key')
  .meta({ examples: ['/issue/key'] });

const keys = secretName
  .refine(
    (name) => !/^wh(?:sec|sk|pk)_/.test(name),
    'is a key; write it into a secret, and the name of the secret here',
  )
  .meta({ examples: ['webhooks/changes'] })
  .describe(
    'Name of the Secrets Manager secret that holds {"keys": ["…"]}: one key, or two while the sender changes from one to the other.',
  );

const headerName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'use the name of a header in lower case, such as x-hub-signature-256');

const signature = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('standard-webhooks').describe('Standard Webhooks 1.0.0: whsec_ keys, or whpk_ for key pairs.'),
      keys,
    }),
    z.strictObject({
      type: z.literal('hmac-sha256').describe('sha256= and the hex of the HMAC over the body, as of Jira and GitHub.'),
      header: headerName
        .default('x-hub-signature-256')
        .describe('Header with the signature: x-hub-signature for Jira, x-hub-signature-256 for GitHub.'),
      keys,
    }),
    z.strictObject({ type: z.literal('pagerduty').describe('PagerDuty, webhooks v3.'), keys }),
    z.strictObject({ type: z.literal('zendesk').describe('Zendesk.'), keys }),
    z.strictObject({
      type: z
        .literal('header')
        .describe('A shared value in a header, unsigned. Only behind webhookDomain with clientCertificates.'),
      header: headerName
        .default('x-relay-key')
        .meta({ examples: ['x-relay-key'] })
        .describe('Header with the shared value.'),
      keys,
    }),
    z.strictObject({
      type: z
        .literal('basic')
        .describe(
          'A user and a password in the Authorization header, unsigned. Only behind webhookDomain with clientCertificates.',
        ),
      keys,
    }),
  ])
  .meta({ examples: [{ type: 'standard-webhooks', keys: 'webhooks/changes' }] })
  .describe('How the sender proves who it is. Senders that do not sign need a client certificate too.');

const position = z
  .union([
    z.strictObject({ counter: pointer.describe('A number that rises with each change of the ticket.') }),
    z.strictObject({ time: pointer.describe('Time of the change: epoch milliseconds, or a date.') }),
  ])
  .meta({ examples: [{ counter: '/sys_mod_count' }] })
  .describe('Order of the states of a ticket. A state with a lower position than a known one changes nothing.');

const label = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,30}$/, 'use the name of a label, such as systemName');

const items = z.strictObject({
  each: pointer
    .optional()
    .describe('A list, whose entries are one item each. The pointers of the labels then begin in the entry.'),
  labels: z
    .record(
      label,
      z.union([
        pointer,
        z.literal(''),
        z.strictObject({
          text: z
            .string()
            .min(1)
            .max(246)
            .meta({ examples: ['deploy'] })
            .describe('A fixed text.'),
        }),
      ]),
    )
    .refine((labels) => Object.keys(labels).length > 0, 'write at least one label, such as systemName')
    .meta({ examples: [{ systemName: '/cmdb_ci', accountName: { text: 'deploy' } }] })
    .describe(
      'Labels of an item, each by a pointer, by a fixed text, or by an empty pointer, which is the entry itself.',
    ),
  max: z.int().min(1).max(20).default(5).describe('Most items that one ticket may open.'),
});

/** Settings that a preset can have. */
const places = {
  number: pointer
    .meta({ examples: ['/number'] })
    .describe('Number of the ticket: up to 40 letters, digits and hyphens.'),
  position,
  state: pointer.meta({ examples: ['/state'] }).describe('State of the ticket, a text or a number.'),
  states: z
    .record(z.string().min(1).max(100), z.enum(WISHES))
    .refine((states) => Object.keys(states).length > 0, "write at least one state, such as 'Implement': open")
    .meta({ examples: [{ Implement: 'open', Closed: 'close' }] })
    .describe(
      'What each state asks for. open: access in the window; extend, shorten: another end of an open access; close: none. Other states are ignored.',
    ),
  onlyIf: z
    .record(pointer, z.string().min(1))
    .meta({ examples: [{ '/approval': 'approved' }] })
    .describe(
      'Texts that the body must contain for access, such as /approval: approved. Otherwise the ticket is closed. Default: none, or those of the preset.',
    ),
  closeIf: z
    .record(pointer, z.string().min(1))
    .meta({ examples: [{ '/webhookEvent': 'jira:issue_deleted' }] })
    .describe('Texts of which any closes the ticket, whatever its state. Default: none, or those of the preset.'),
  from: pointer.meta({ examples: ['/start_date'] }).describe('Start of the window. Default: at once.'),
  until: pointer.meta({ examples: ['/end_date'] }).describe('End of the window.'),
  timeZone: z
    .string()
    .refine((zone) => timeZoneName(zone) !== undefined, { error: ({ input }) => timeZoneAdvice(String(input)) })
    .describe('Time zone of dates without an offset. Default: such dates are refused.'),
  reason: pointer
    .meta({ examples: ['/short_description'] })
    .describe('Reason for the vault, which its approvers read.'),
};

const common = {
  sendNumber: z
    .boolean()
    .default(true)
    .describe('True if the number goes to the vault with the request, for its ticket system.'),
  items: items.describe('Items that a ticket opens.'),
};

/** The settings of a ticket with those of its preset. */
const wholeTicket = z.strictObject({
  ...places,
  from: places.from.optional(),
  timeZone: places.timeZone.optional(),
  sendNumber: z.boolean(),
  items: items.extend({ max: z.int() }),
});

const ticket = z
  .strictObject({
    preset: z
      .enum(PRESET_NAMES)
      .describe(
        'Usual bodies of a sender: docs/webhooks.md#presets. Other settings replace those of the preset. Without a preset, number, position, state, states, until and reason are required.',
      ),
    ...places,
  })
  .partial()
  .extend(common)
  .transform(({ preset, ...own }) => ({ onlyIf: {}, closeIf: {}, ...(preset && PRESETS[preset]), ...own }))
  .pipe(wholeTicket);

/** A route for the webhooks of one sender: docs/webhooks.md. */
export const webhook = z.strictObject({
  checkout: name.meta({ examples: ['changes'] }).describe('Rule under checkouts that the tickets use.'),
  signature,
  ticket: ticket.describe('Place of everything in the body.'),
  ticketSystem: name
    .meta({ examples: ['servicenow'] })
    .optional()
    .describe('Entry under ticketSystems, for comments and for looks at open tickets.'),
  comments: z
    .boolean()
    .default(false)
    .describe('True if tickets get an internal comment when they are refused, and when access opens and closes.'),
  looksEveryMinutes: z
    .int()
    .min(5)
    .max(1440)
    .optional()
    .describe(
      'Interval of looks at open tickets, which close those that were closed without a webhook. Default: none.',
    ),
  maxBodyKib: z.int().min(1).max(256).default(64).describe('Longest body, in KiB.'),
  maxAgeHours: z
    .int()
    .min(1)
    .max(168)
    .default(24)
    .describe('Greatest age of a change that opens access, if the signature covers no time of its own.'),
  perSecond: z.int().min(1).max(1000).default(10).describe('Requests per second. Further ones get the status 429.'),
});

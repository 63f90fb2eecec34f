import type { TicketPlaces } from '#shared/domain/ticket/read-ticket.ts';

/** Places and states that the bodies of a sender usually have. */
type Preset = Partial<Omit<TicketPlaces, 'items'>>;

/**
 * The change of ServiceNow as `examples/servicenow-webhook.js` sends it: values, not display values, whose dates are in
 * UTC. The states are those of the normal change; change models define their own. Source: tickets-and-rotation.md 1.3
 * and 2.1.
 */
const servicenow: Preset = {
  number: '/number',
  position: { counter: '/sys_mod_count' },
  state: '/state',
  states: {
    '-5': 'close',
    '-4': 'close',
    '-3': 'close',
    '-2': 'open',
    '-1': 'open',
    '0': 'close',
    '3': 'close',
    '4': 'close',
  },
  onlyIf: { '/approval': 'approved' },
  from: '/start_date',
  until: '/end_date',
  timeZone: 'UTC',
  reason: '/short_description',
};

/**
 * An issue of Jira. The statuses, and the fields of the window and of the accounts, differ from site to site. Every
 * status of the category `done` closes, and so does a deletion. Source: tickets-and-rotation.md 1.2 and 2.2.
 */
const jira: Preset = {
  number: '/issue/key',
  position: { time: '/timestamp' },
  state: '/issue/fields/status/id',
  closeIf: { '/issue/fields/status/statusCategory/key': 'done', '/webhookEvent': 'jira:issue_deleted' },
  reason: '/issue/fields/summary',
};

/** Presets by their names in relay.yaml. Jira Service Management sends the issues of Jira. */
export const PRESETS = { servicenow, jira, 'jira-service-management': jira } as const satisfies Record<string, Preset>;

export const PRESET_NAMES = Object.keys(PRESETS) as (keyof typeof PRESETS)[];

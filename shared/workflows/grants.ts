import type { StoreUse } from '#shared/stores/store.ts';

/**
 * One permission in the declaration of a step. Roles, environment variables and the table in `docs/permissions.md` are
 * derived from it.
 */
export type Grant =
  /**
   * Sign in to the connections that syncs, checkouts and rotations use, to those of blueprints, to those that also
   * prove the access, to those that change credentials, to those whose old checkouts are reported, or to those whose
   * events are exported. Cache the token that functions share, and share the limits of connections.
   */
  | {
      readonly to: 'sign-in';
      readonly of?:
        | 'comparing'
        | 'provisioning'
        | 'rotating'
        | 'ordering'
        | 'old-checkouts'
        | 'exporting'
        | 'directories';
    }
  /** Read the objects in S3 that declare their people. */
  | { readonly to: 'directory-sources'; readonly may: 'read' }
  /** Read the initial passwords that blueprints name. */
  | { readonly to: 'initial-passwords'; readonly may: 'read' }
  /** `of`: only if accounts take turns in items of a sync, or if rules or connections claim what they open. */
  | {
      readonly to: 'records';
      readonly may: 'read' | 'write' | 'remove';
      readonly folder: Folder;
      readonly of?: 'turns' | Claiming;
    }
  /** List the records in all folders. */
  | { readonly to: 'records'; readonly may: 'list' }
  /** Use the delivered secrets of all syncs or of all checkouts. */
  | { readonly to: 'stores'; readonly may: StoreUse; readonly of: 'syncs' | 'checkouts' }
  | { readonly to: 'runs'; readonly may: 'list' | 'describe' | 'start'; readonly of: Machine }
  | { readonly to: 'alerts'; readonly may: 'publish' }
  /** Receive messages from the queue, and move refused ones to the queue of refused messages. */
  | { readonly to: 'messages'; readonly may: 'handle' }
  /** Receive events about machines from their queue, and move refused ones to the queue of refused events. */
  | { readonly to: 'machine-events'; readonly may: 'handle' }
  /** Read the keys with which senders of webhooks sign. */
  | { readonly to: 'webhook-keys'; readonly may: 'read' }
  /** Send verified requests to the queue of tickets, or receive them and move refused ones. */
  | { readonly to: 'ticket-states'; readonly may: 'send' | 'handle' }
  /** Read the credentials of ticket systems. */
  | { readonly to: 'ticket-systems'; readonly may: 'use' }
  /** Order comments on tickets, or receive the orders and move refused ones. */
  | { readonly to: 'ticket-comments'; readonly may: 'send' | 'handle' }
  /** Describe the EC2 instances of the account and region. */
  | { readonly to: 'machines'; readonly may: 'describe' };

/** Rules, or connections, that can claim what they open, in a vault that does not know which run has opened what. */
export type Claiming = 'claiming syncs' | 'claiming checkouts' | 'claiming connections';

/** Grants to claim items and to read under claims, or also to check in what they show. Includes the list of all. */
export const claimGrants = (of: Claiming, use: 'open' | 'close'): readonly Grant[] => [
  { to: 'records', may: 'read', folder: 'claims', of },
  { to: 'records', may: 'write', folder: 'claims', of },
  ...(use === 'close' ? ([{ to: 'records', may: 'remove', folder: 'claims', of }] as const) : []),
];

/**
 * Folders of the records bucket. `runs/`: records that the steps of a run exchange, and its report. `memory/`: state
 * for the next run. `checkouts/`: records and signals of checkouts. `open/`: checkouts that are not closed yet.
 * `named/`: items that messages named for a run. `ids/`: owners of checkout ids. `limits/`: shares of the limits of
 * connections, and the pace of stores. `subjects/`: subjects of blueprints. `pending/`: subjects that need another
 * execution. `removals/`: deletions of subjects on one day. `tickets/`: tickets, and the access that they ask for.
 * `comments/`: comments that are written. `held/`: tickets whose window begins later than one execution can wait.
 * `rotations/`: items, progress and reports of rotations. `stops/`: messages that stop them. `holds/`: items of a vault
 * that a rotation is changing, or whose new credential failed its test. `pairs/`: active accounts of items whose
 * accounts take turns. `ticketed/`: checkouts under each ticket. `claims/`: items that a run has opened in a vault
 * whose leases name no run. `old-checkouts/`: reports of old checkouts, and those that are being ended. `exports/`:
 * cursors of exports, and digests of what was exported. `events/`: exported events. `directories/`: what the relay owns
 * in a directory, who is leaving it, and the journal of its changes. `member-events/`: what messages said about people.
 */
export type Folder =
  | 'runs'
  | 'memory'
  | 'checkouts'
  | 'open'
  | 'named'
  | 'ids'
  | 'limits'
  | 'subjects'
  | 'pending'
  | 'removals'
  | 'tickets'
  | 'comments'
  | 'held'
  | 'rotations'
  | 'holds'
  | 'stops'
  | 'pairs'
  | 'ticketed'
  | 'claims'
  | 'old-checkouts'
  | 'exports'
  | 'events'
  | 'directories'
  | 'member-events';

/** State machines, by the suffix that follows the stack's name. */
export const MACHINES = ['sync', 'checkout', 'release', 'provision', 'drift', 'rotate', 'export', 'directory'] as const;
export type Machine = (typeof MACHINES)[number];

const MACHINE_VARIABLES = {
  sync: 'SYNC_MACHINE_ARN',
  checkout: 'CHECKOUT_MACHINE_ARN',
  release: 'RELEASE_MACHINE_ARN',
  provision: 'PROVISION_MACHINE_ARN',
  drift: 'DRIFT_MACHINE_ARN',
  rotate: 'ROTATE_MACHINE_ARN',
  export: 'EXPORT_MACHINE_ARN',
  directory: 'DIRECTORY_MACHINE_ARN',
} as const satisfies Record<Machine, string>;

/** Environment variables with the names of granted resources. */
export type Variable =
  | (typeof MACHINE_VARIABLES)[Machine]
  | 'RECORDS_BUCKET'
  | 'STORE_KEY_ARN'
  | 'ALERT_TOPIC_ARN'
  | 'REFUSED_QUEUE_URL'
  | 'REFUSED_MACHINES_URL'
  | 'TICKETS_QUEUE_URL'
  | 'REFUSED_TICKETS_URL'
  | 'COMMENTS_QUEUE_URL'
  | 'REFUSED_COMMENTS_URL';

/** Environment variable that a grant sets; undefined if it needs none. */
export const variableOf = (grant: Grant): Variable | undefined => {
  switch (grant.to) {
    case 'sign-in':
    case 'records':
      return 'RECORDS_BUCKET';
    case 'stores':
      return grant.may === 'deliver' ? 'STORE_KEY_ARN' : undefined;
    case 'directory-sources':
    case 'initial-passwords':
    case 'webhook-keys':
    case 'ticket-systems':
    case 'machines':
      return undefined;
    case 'runs':
      return MACHINE_VARIABLES[grant.of];
    case 'alerts':
      return 'ALERT_TOPIC_ARN';
    case 'messages':
      return 'REFUSED_QUEUE_URL';
    case 'machine-events':
      return 'REFUSED_MACHINES_URL';
    case 'ticket-states':
      return grant.may === 'send' ? 'TICKETS_QUEUE_URL' : 'REFUSED_TICKETS_URL';
    case 'ticket-comments':
      return grant.may === 'send' ? 'COMMENTS_QUEUE_URL' : 'REFUSED_COMMENTS_URL';
  }
};

export const machineVariable = <M extends Machine>(machine: M): (typeof MACHINE_VARIABLES)[M] =>
  MACHINE_VARIABLES[machine];

const USE_LETTERS = {
  list: 'l',
  inspect: 'i',
  complete: 'c',
  deliver: 'd',
  retire: 'r',
} as const satisfies Record<StoreUse, string>;

/** Kinds of rules whose secrets a function uses. */
export type DeliveredBy = Extract<Grant, { readonly to: 'stores' }>['of'];

/**
 * Beginning of the names of a function's sessions in other accounts: the first letter of `syncs` or `checkouts`, and
 * one letter for each use of stores. The role of the function allows no other name, so that a role in another account
 * can tell functions apart.
 */
export const sessionMark = (grants: readonly Grant[]): string => {
  const stores = grants.filter((grant) => grant.to === 'stores');
  const kinds = [...new Set(stores.map(({ of }) => of.slice(0, 1)))].toSorted();
  const uses = [...new Set(stores.map(({ may }) => USE_LETTERS[may]))].toSorted();
  return [...kinds, ...uses].join('');
};

/** Pattern of the marks of functions with one use of the secrets of one kind of rule. */
export const sessionPattern = (of: DeliveredBy, use: StoreUse): string => `${of.slice(0, 1)}*${USE_LETTERS[use]}*`;

/** An AWS permission that a store type contributes. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Reason why a resource is a pattern instead of one ARN. */
  readonly pattern?: string;
}

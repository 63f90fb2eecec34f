import type { StoreUse } from '#shared/stores/store.ts';

/**
 * What a step may touch, as its declaration says it. Roles, environment variables and the table in `docs/permissions.md`
 * follow from it.
 */
export type Grant =
  /** Sign in to every connection, and keep the token that functions share. */
  | { readonly to: 'sign-in' }
  | { readonly to: 'records'; readonly may: 'read' | 'write' | 'remove'; readonly folder: Folder }
  /** See which records there are, in all folders. */
  | { readonly to: 'records'; readonly may: 'list' }
  /** Use the secrets that rules deliver: those of all syncs, or of all checkouts. */
  | { readonly to: 'stores'; readonly may: StoreUse; readonly of: 'syncs' | 'checkouts' }
  | { readonly to: 'runs'; readonly may: 'list' | 'describe' | 'start'; readonly of: Machine }
  | { readonly to: 'alerts'; readonly may: 'publish' }
  /** Take messages from the queue, and put aside what can't be handled. */
  | { readonly to: 'messages'; readonly may: 'handle' };

/**
 * Folders of the records bucket. `runs/` is what the steps of a run hand each other, and its report; `memory/` is what the
 * next run has to know; `checkouts/` is what checkouts are about and what others tell them; `open/` says which of them are
 * not closed yet; `named/` is which items messages named for a run; `ids/` is whose the ids of checkouts are.
 */
export type Folder = 'runs' | 'memory' | 'checkouts' | 'open' | 'named' | 'ids';

/** The state machines, by what follows the stack's name in theirs. */
export const MACHINES = ['sync', 'checkout', 'release'] as const;
export type Machine = (typeof MACHINES)[number];

const MACHINE_VARIABLES = {
  sync: 'SYNC_MACHINE_ARN',
  checkout: 'CHECKOUT_MACHINE_ARN',
  release: 'RELEASE_MACHINE_ARN',
} as const satisfies Record<Machine, string>;

/** Environment variables by which a function finds what it was granted. */
export type Variable =
  | (typeof MACHINE_VARIABLES)[Machine]
  | 'RECORDS_BUCKET'
  | 'STORE_KEY_ARN'
  | 'ALERT_TOPIC_ARN'
  | 'REFUSED_QUEUE_URL';

/** The variable that comes with a grant; undefined for one that needs none. */
export const variableOf = (grant: Grant): Variable | undefined => {
  switch (grant.to) {
    case 'sign-in':
      return undefined;
    case 'records':
      return 'RECORDS_BUCKET';
    case 'stores':
      return grant.may === 'deliver' ? 'STORE_KEY_ARN' : undefined;
    case 'runs':
      return MACHINE_VARIABLES[grant.of];
    case 'alerts':
      return 'ALERT_TOPIC_ARN';
    case 'messages':
      return 'REFUSED_QUEUE_URL';
  }
};

export const machineVariable = <M extends Machine>(machine: M): (typeof MACHINE_VARIABLES)[M] =>
  MACHINE_VARIABLES[machine];

/** A permission in AWS, as a type of store contributes it. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why, when a resource is a pattern and not one thing. */
  readonly pattern?: string;
}

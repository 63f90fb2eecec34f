import type { Reply } from '../common/replies.ts';
import type { Activity, Performer } from './activity.ts';
import type { ApiAccounts, KnownApiAccount, Permissions } from './api-accounts.ts';
import type { CallKind } from './audit.ts';
import type { Call } from './calls.ts';
import type { SimulatedPerson } from './people.ts';
import type { Switches } from './switches.ts';
import type { TargetSessions } from './target-sessions.ts';
import type { Throttle } from './throttle.ts';
import type { Token, Tokens } from './tokens.ts';
import type { Vault } from './vault.ts';

/** State of the site, on which every endpoint works. */
export interface Site {
  readonly vault: Vault;
  readonly activity: Activity;
  readonly targetSessions: TargetSessions;
  readonly apiAccounts: ApiAccounts;
  readonly tokens: Tokens;
  readonly throttle: Throttle;
  readonly people: readonly SimulatedPerson[];
  readonly switches: Switches;
  readonly now: () => number;
}

/** The API account of a call and its token. */
export interface Caller {
  readonly account: KnownApiAccount;
  readonly token: Token;
  readonly performer: Performer;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path from the root of the site, without a leading slash. */
  readonly template: string;
  readonly kind: CallKind | ((call: Call) => CallKind);
}

export interface OpenEndpoint extends Route {
  readonly anonymous: true;
  readonly handle: (site: Site, call: Call) => Reply;
}

export interface ApiEndpoint extends Route {
  readonly anonymous?: never;
  readonly isPermitted: (permissions: Permissions, site: Site) => boolean;
  /** Response without the permission. Default: 403. */
  readonly refuse?: (site: Site) => Reply;
  /** Known parameters of the query. Undefined: unknown ones are ignored. */
  readonly parameters: readonly string[] | undefined;
  readonly handle: (site: Site, call: Call, caller: Caller, id: number) => Reply;
}

export type Endpoint = OpenEndpoint | ApiEndpoint;

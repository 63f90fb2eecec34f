import type { Reply } from '../common/replies.ts';
import type { CallKind } from './audit.ts';
import type { Call } from './calls.ts';
import type { EventLog } from './events.ts';
import type { Organization } from './organization.ts';
import type { Era, Switches } from './switches.ts';
import type { Throttle } from './throttle.ts';
import type { ApiKey, IssuedToken, Tokens } from './tokens.ts';

/** State of the server, on which every endpoint works. */
export interface Site {
  readonly organization: Organization;
  readonly events: EventLog;
  readonly tokens: Tokens;
  readonly throttle: Throttle;
  readonly switches: Switches;
  readonly now: () => number;
  apiKey: ApiKey;
  /** A disabled organization gets no new token. */
  isEnabled: boolean;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path from the root of the server, without a leading slash. */
  readonly template: string;
  readonly kind: CallKind;
  /** Servers that know it. Default: today's and older ones. */
  readonly eras?: readonly Era[];
}

export interface OpenEndpoint extends Route {
  readonly isOpen: true;
  readonly handle: (site: Site, call: Call) => OpenReply;
}

/** A response, with the token that it issues. */
export interface OpenReply {
  readonly reply: Reply;
  readonly issued?: IssuedToken;
}

export interface ApiEndpoint extends Route {
  readonly isOpen?: never;
  /** Format of the id in the path. Default: a GUID. */
  readonly idIs?: 'guid' | 'number';
  /** @throws Refusal */
  readonly handle: (site: Site, call: Call, id: string) => Reply;
}

export type Endpoint = OpenEndpoint | ApiEndpoint;

export const PUBLIC = 'api/public';

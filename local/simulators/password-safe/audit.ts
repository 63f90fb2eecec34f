import type { FaultEffect } from './faults.ts';

export type CallKind =
  | 'token'
  | 'signIn'
  | 'signOut'
  | 'list'
  | 'workgroups'
  | 'listRequests'
  | 'request'
  | 'credential'
  | 'checkin'
  | 'policies'
  | 'secrets'
  | 'secret'
  | 'session'
  | 'sessions'
  | 'terminate'
  | 'other';

/** One call as the site saw it. Holds no credential, token or cookie. */
export interface AuditEntry {
  /** The site's clock when the call took effect, in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Such as `Requests/{id}/Checkin`; the path as it came when the route is unknown. */
  readonly template: string;
  readonly kind: CallKind;
  /** The status that was sent; 0 when the connection was dropped before one. */
  readonly status: number;
  readonly user: string | undefined;
  /** The number of the session, which is not its cookie. */
  readonly session: number | undefined;
  readonly accountIds: readonly number[];
  readonly requestId: number | undefined;
  /** The secrets of Secrets Safe whose values were handed out. */
  readonly secretIds: readonly string[];
  /** Whether the call reached the site, which a fault may have prevented. */
  readonly tookEffect: boolean;
  readonly fault: FaultEffect['type'] | undefined;
}

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
  | 'provision'
  | 'other';

/** One call as the site received it. Contains no credential, token or cookie. */
export interface AuditEntry {
  /** Time of the effect by the site's clock, in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** For example `Requests/{id}/Checkin`. The original path if the route is unknown. */
  readonly template: string;
  readonly kind: CallKind;
  /** The status that was sent, or 0 if the connection was dropped before. */
  readonly status: number;
  readonly user: string | undefined;
  /** Number of the session, not its cookie. */
  readonly session: number | undefined;
  readonly accountIds: readonly number[];
  readonly requestId: number | undefined;
  /** Secrets of Secrets Safe whose values were in the response. */
  readonly secretIds: readonly string[];
  /** False if a fault prevented the effect of the call. */
  readonly tookEffect: boolean;
  readonly fault: FaultEffect['type'] | undefined;
}

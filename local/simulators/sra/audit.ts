import type { FaultEffect } from './faults.ts';

export type CallKind =
  | 'token'
  | 'health'
  | 'mechanisms'
  | 'info'
  | 'list'
  | 'account'
  | 'groups'
  | 'policies'
  | 'checkOut'
  | 'checkIn'
  | 'forceCheckIn'
  | 'rotate'
  | 'activityReport'
  | 'sessionReport'
  | 'report'
  | 'people'
  | 'apiAccounts'
  | 'provision'
  | 'other';

/** One call as the site received it. Contains no credential and no token. */
export interface AuditEntry {
  /** Time of the effect by the site's clock, in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** For example `api/config/v1/vault/account/{id}/check-out`. The original path if the route is unknown. */
  readonly template: string;
  readonly kind: CallKind;
  /** The status that was sent, or 0 if the connection was dropped before. */
  readonly status: number;
  /** Name of the API account. Undefined for a call that was not authenticated. */
  readonly apiAccount: string | undefined;
  /** Number of the token that was used or issued. */
  readonly token: number | undefined;
  /** The account of the path. */
  readonly accountId: number | undefined;
  /** True if the caller asked for the end of the connection, as the vendor wants it. */
  readonly closesConnection: boolean;
  /** False if a fault prevented the effect of the call. */
  readonly tookEffect: boolean;
  readonly fault: FaultEffect['type'] | undefined;
}

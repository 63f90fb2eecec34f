import type { CommonFault } from '../common/faults.ts';

export type CallKind =
  | 'token'
  | 'specification'
  | 'members'
  | 'member'
  | 'invite'
  | 'updateMember'
  | 'removeMember'
  | 'memberGroups'
  | 'setMemberGroups'
  | 'reinvite'
  | 'revoke'
  | 'restore'
  | 'groups'
  | 'group'
  | 'createGroup'
  | 'updateGroup'
  | 'removeGroup'
  | 'groupMembers'
  | 'setGroupMembers'
  | 'collections'
  | 'collection'
  | 'updateCollection'
  | 'removeCollection'
  | 'policies'
  | 'policy'
  | 'savePolicy'
  | 'events'
  | 'import'
  | 'subscription'
  | 'changeSubscription'
  | 'other';

/** One call as the server received it. Contains no secret, no token and no query. */
export interface AuditEntry {
  /** Time of the effect by the server's clock, in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** For example `api/public/members/{id}/revoke`. The original path if the route is unknown. */
  readonly template: string;
  readonly kind: CallKind;
  /** The id of the path: a GUID, or the type of a policy. */
  readonly id: string | undefined;
  /** The status that was sent, or 0 if the connection was dropped before. */
  readonly status: number;
  /** Number of the token that was used or issued. Undefined for a call that was not authenticated. */
  readonly token: number | undefined;
  /** Objects of the organization that the call changed. */
  readonly changes: number;
  /** True if the caller asked for the end of the connection. */
  readonly closesConnection: boolean;
  /** False if a fault prevented the effect of the call. */
  readonly tookEffect: boolean;
  readonly fault: CommonFault['type'] | undefined;
}

import type { CallKind } from '../audit.ts';
import { EVENT_QUERY, GUIDS, ref, type Schema } from './schemas.ts';

/** Body and answer of a call, and the statuses with which the server can refuse it beside 401. */
export interface Operation {
  readonly body?: Schema;
  /** Absent for an answer without content. */
  readonly answer?: Schema;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly refusals: readonly number[];
}

const FOR_AN_ID = [400, 404];

const member = ref('MemberResponseModel');
const group = ref('GroupResponseModel');
const collection = ref('CollectionResponseModel');
const policy = ref('PolicyResponseModel');

/** Calls of the organization API. The others are not part of the description. */
export const OPERATIONS: Readonly<Partial<Record<CallKind, Operation>>> = {
  members: { answer: ref('MemberResponseModelListResponseModel'), refusals: [] },
  member: { answer: member, refusals: FOR_AN_ID },
  invite: { body: ref('MemberCreateRequestModel'), answer: member, refusals: FOR_AN_ID },
  updateMember: { body: ref('MemberUpdateRequestModel'), answer: member, refusals: FOR_AN_ID },
  removeMember: { refusals: FOR_AN_ID },
  memberGroups: { answer: GUIDS, refusals: FOR_AN_ID },
  setMemberGroups: { body: ref('UpdateGroupIdsRequestModel'), refusals: FOR_AN_ID },
  reinvite: { refusals: FOR_AN_ID },
  revoke: { refusals: FOR_AN_ID },
  restore: { refusals: FOR_AN_ID },
  groups: { answer: ref('GroupResponseModelListResponseModel'), refusals: [] },
  group: { answer: group, refusals: FOR_AN_ID },
  createGroup: { body: ref('GroupCreateUpdateRequestModel'), answer: group, refusals: FOR_AN_ID },
  updateGroup: { body: ref('GroupCreateUpdateRequestModel'), answer: group, refusals: FOR_AN_ID },
  removeGroup: { refusals: FOR_AN_ID },
  groupMembers: { answer: GUIDS, refusals: FOR_AN_ID },
  setGroupMembers: { body: ref('UpdateMemberIdsRequestModel'), refusals: FOR_AN_ID },
  collections: { answer: ref('CollectionResponseModelListResponseModel'), refusals: [] },
  collection: { answer: collection, refusals: FOR_AN_ID },
  updateCollection: { body: ref('CollectionUpdateRequestModel'), answer: collection, refusals: FOR_AN_ID },
  removeCollection: { refusals: FOR_AN_ID },
  policies: { answer: ref('PolicyResponseModelListResponseModel'), refusals: [] },
  policy: { answer: policy, refusals: FOR_AN_ID },
  savePolicy: { body: ref('PolicyUpdateRequestModel'), answer: policy, refusals: FOR_AN_ID },
  events: { query: EVENT_QUERY, answer: ref('EventResponseModelPagedListResponseModel'), refusals: [400] },
  import: { body: ref('OrganizationImportRequestModel'), refusals: FOR_AN_ID },
  subscription: { answer: ref('OrganizationSubscriptionResponseModel'), refusals: [404] },
  changeSubscription: {
    body: ref('OrganizationSubscriptionUpdateRequestModel'),
    answer: ref('OrganizationSubscriptionUpdateResponseModel'),
    refusals: FOR_AN_ID,
  },
};

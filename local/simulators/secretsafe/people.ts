import { EVENT, type LoggedEvent } from './events.ts';
import { guidFor } from './ids.ts';
import {
  type Access,
  type Group,
  type Member,
  type MemberSettings,
  type Policy,
  STATUS,
  TYPE,
} from './organization.ts';
import { savePolicy } from './policies.ts';
import type { Site } from './site.ts';
import { apiKeyFor } from './tokens.ts';

/** Fields of a member that an administrator can change. */
type MemberChange = Partial<Omit<MemberSettings, 'id' | 'status' | 'statusBefore'>>;

/** A member as tests see it. */
interface MemberView extends Omit<Member, 'access' | 'groupIds'> {
  readonly groupIds: readonly string[];
  readonly access: Readonly<Record<string, Access>>;
}

interface GroupView extends Omit<Group, 'access' | 'memberIds'> {
  readonly memberIds: readonly string[];
  readonly access: Readonly<Record<string, Access>>;
}

/** Acts of people, past the network, and the state that they see. */
export interface PeopleActions {
  members(): readonly MemberView[];
  groups(): readonly GroupView[];
  policies(): readonly Policy[];
  /** A person accepts the invitation. @throws RangeError if there is none */
  acceptInvitation(memberId: string): void;
  /** An administrator confirms a member who has accepted. */
  confirm(memberId: string): void;
  leave(memberId: string): void;
  /** An administrator edits a member in the web vault. */
  editMember(memberId: string, change: MemberChange): void;
  /** Another directory connector takes a member over. It writes no event. */
  setForeignExternalId(memberId: string, externalId: string): void;
  savePolicy(type: number, enabled: boolean, data?: Policy['data']): void;
  /** Rotates the organization API key. By default, issued tokens stay valid. @returns the new secret */
  rotateApiKey(): string;
  /** Disables or enables the organization. By default, issued tokens stay valid. */
  setEnabled(isEnabled: boolean): void;
  /** Adds events, whose dates are in milliseconds. */
  addEvents(...events: readonly LoggedEvent[]): void;
  /** Adds an event that happened then and becomes visible now. */
  addLateEvent(event: LoggedEvent): void;
  /** Events since the start, in the order of their dates, whether visible or not. Their dates are in microseconds. */
  addedEvents(): readonly LoggedEvent[];
}

export const actionsOf = (site: Site, seed: number): PeopleActions => {
  const { organization, events } = site;
  let rotations = 0;
  const memberOf = (memberId: string): Member => {
    const member = organization.members.get(memberId);
    if (member === undefined) throw new RangeError(`There is no member ${memberId}.`);
    return member;
  };
  const actor = () => {
    const owner = [...organization.members.values()].find(({ type, userId }) => type === TYPE.owner && userId !== null);
    return owner?.userId ? { actingUserId: owner.userId } : {};
  };
  const move = (memberId: string, from: number, to: number): Member => {
    const member = memberOf(memberId);
    if (member.status !== from) throw new RangeError(`The member ${memberId} has the status ${member.status}.`);
    organization.change(member, { status: to });
    return member;
  };
  const inMicroseconds = (event: LoggedEvent): LoggedEvent => ({ ...event, date: Math.round(event.date * 1000) });
  return {
    members: () =>
      [...organization.members.values()].map(({ groupIds, access, ...member }) => ({
        ...member,
        groupIds: [...groupIds],
        access: Object.fromEntries(access),
      })),
    groups: () =>
      [...organization.groups.values()].map(({ memberIds, access, ...group }) => ({
        ...group,
        memberIds: [...memberIds],
        access: Object.fromEntries(access),
      })),
    policies: () => [...organization.policies.values()].map((policy) => ({ ...policy })),
    acceptInvitation(memberId) {
      const member = move(memberId, STATUS.invited, STATUS.accepted);
      organization.change(member, { userId: guidFor(seed, `user of ${memberId}`, 0), name: member.email });
    },
    confirm(memberId) {
      move(memberId, STATUS.accepted, STATUS.confirmed);
      events.record(EVENT.confirmed, { memberId, ...actor() });
    },
    leave(memberId) {
      const member = memberOf(memberId);
      organization.removeMember(member);
      events.record(EVENT.left, { memberId, ...(member.userId !== null && { actingUserId: member.userId }) });
    },
    editMember(memberId, change) {
      organization.change(memberOf(memberId), change);
      events.record(EVENT.updated, { memberId, ...actor() });
    },
    setForeignExternalId: (memberId, externalId) => organization.change(memberOf(memberId), { externalId }),
    savePolicy: (type, enabled, data = null) => void savePolicy(site, type, enabled, data, actor().actingUserId),
    rotateApiKey() {
      rotations += 1;
      site.apiKey = apiKeyFor(organization.id, seed, rotations);
      site.tokens.revoke();
      return site.apiKey.clientSecret;
    },
    setEnabled(isEnabled) {
      site.isEnabled = isEnabled;
      if (!isEnabled) site.tokens.revoke();
    },
    addEvents(...added) {
      for (const event of added) events.add(inMicroseconds(event));
    },
    addLateEvent: (event) => events.add(inMicroseconds(event), true),
    addedEvents: () => events.added(),
  };
};

import { guidFor } from './ids.ts';
import type { Permissions } from './permissions.ts';

/** Rights in a collection. */
export interface Access {
  readonly readOnly: boolean;
  readonly hidePasswords: boolean;
  readonly manage: boolean;
}

export const TYPE = { owner: 0, admin: 1, user: 2, manager: 3, custom: 4 } as const;
export const STATUS = { revoked: -1, invited: 0, accepted: 1, confirmed: 2, staged: 3 } as const;

/** Fields of a member that can be set. */
export interface MemberSettings {
  readonly id: string;
  /** Null until the invitation was accepted. */
  readonly userId: string | null;
  readonly name: string | null;
  readonly email: string;
  readonly type: number;
  readonly status: number;
  /** The status to which a revoked member returns. */
  readonly statusBefore: number;
  readonly externalId: string | null;
  readonly permissions: Permissions | null;
  readonly twoFactorEnabled: boolean;
  readonly resetPasswordEnrolled: boolean;
  readonly ssoExternalId: string | null;
  readonly accessAll: boolean;
  readonly hasMasterPassword: boolean;
  readonly isInOtherOrganization: boolean;
  readonly access: ReadonlyMap<string, Access>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Member extends Mutable<MemberSettings> {
  readonly groupIds: Set<string>;
}

export interface GroupSettings {
  readonly id: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly accessAll: boolean;
  readonly access: ReadonlyMap<string, Access>;
}

export interface Group extends Mutable<GroupSettings> {
  readonly memberIds: Set<string>;
}

export interface Collection {
  readonly id: string;
  externalId: string | null;
  /** The personal collection of a member, which the API hides. */
  readonly isDefault: boolean;
}

export interface Policy {
  readonly id: string;
  readonly type: number;
  enabled: boolean;
  data: Readonly<Record<string, unknown>> | null;
}

/** The contents with which an organization starts. */
export interface Fleet {
  readonly members: readonly (MemberSettings & { readonly groupIds: readonly string[] })[];
  readonly groups: readonly GroupSettings[];
  readonly collections: readonly Readonly<Collection>[];
}

/** Members, groups, collections and policies of the one organization of a server. */
export class Organization {
  readonly id: string;
  readonly members = new Map<string, Member>();
  readonly groups = new Map<string, Group>();
  readonly collections = new Map<string, Collection>();
  readonly policies = new Map<number, Policy>();
  /** Number of changed objects since the start. */
  changes = 0;
  readonly #seed: number;
  #created = 0;

  constructor({ members, groups, collections }: Fleet, seed: number) {
    this.#seed = seed;
    this.id = guidFor(seed, 'organization', 0);
    for (const collection of collections) this.collections.set(collection.id, { ...collection });
    for (const group of groups) this.groups.set(group.id, { ...group, memberIds: new Set() });
    for (const { groupIds, ...member } of members) {
      this.members.set(member.id, { ...member, groupIds: new Set(groupIds) });
      for (const id of groupIds) this.groups.get(id)?.memberIds.add(member.id);
    }
  }

  newId(): string {
    this.#created += 1;
    return guidFor(this.#seed, 'created', this.#created);
  }

  addMember(settings: Partial<MemberSettings> & Pick<MemberSettings, 'email'>): Member {
    const member: Member = {
      id: this.newId(),
      userId: null,
      name: null,
      type: TYPE.user,
      status: STATUS.invited,
      statusBefore: STATUS.invited,
      externalId: null,
      permissions: null,
      twoFactorEnabled: false,
      resetPasswordEnrolled: false,
      ssoExternalId: null,
      accessAll: false,
      hasMasterPassword: true,
      isInOtherOrganization: false,
      access: new Map(),
      ...settings,
      groupIds: new Set(),
    };
    this.members.set(member.id, member);
    this.changes += 1;
    return member;
  }

  addGroup(settings: Omit<GroupSettings, 'id'>): Group {
    const group: Group = { id: this.newId(), ...settings, memberIds: new Set() };
    this.groups.set(group.id, group);
    this.changes += 1;
    return group;
  }

  /** Changes fields of an object of the organization. */
  change<T extends object>(object: T, fields: Partial<T>): void {
    Object.assign(object, fields);
    this.changes += 1;
  }

  /** Replaces the groups of a member. Unknown ids are left out. */
  setGroups(member: Member, groupIds: Iterable<string>): void {
    for (const id of member.groupIds) this.groups.get(id)?.memberIds.delete(member.id);
    member.groupIds.clear();
    for (const id of groupIds) {
      if (this.groups.get(id)?.memberIds.add(member.id) !== undefined) member.groupIds.add(id);
    }
    this.changes += 1;
  }

  /** Replaces the members of a group. Unknown ids are left out. */
  setMembers(group: Group, memberIds: Iterable<string>): void {
    for (const id of group.memberIds) this.members.get(id)?.groupIds.delete(group.id);
    group.memberIds.clear();
    for (const id of memberIds) {
      if (this.members.get(id)?.groupIds.add(group.id) !== undefined) group.memberIds.add(id);
    }
    this.changes += 1;
  }

  removeMember(member: Member): void {
    for (const id of member.groupIds) this.groups.get(id)?.memberIds.delete(member.id);
    this.members.delete(member.id);
    this.changes += 1;
  }

  removeGroup(group: Group): void {
    for (const id of group.memberIds) this.members.get(id)?.groupIds.delete(group.id);
    this.groups.delete(group.id);
    this.changes += 1;
  }

  removeCollection({ id }: Collection): void {
    for (const holder of [...this.members.values(), ...this.groups.values()]) {
      if (holder.access.has(id)) holder.access = new Map([...holder.access].filter(([other]) => other !== id));
    }
    this.collections.delete(id);
    this.changes += 1;
  }

  /** Replaces the groups of a collection. */
  setAccess(collectionId: string, groups: ReadonlyMap<string, Access>): void {
    for (const group of this.groups.values()) {
      const others = [...group.access].filter(([id]) => id !== collectionId);
      const own = groups.get(group.id);
      group.access = new Map(own === undefined ? others : [...others, [collectionId, own]]);
    }
    this.changes += 1;
  }

  /** Upserts a policy. */
  savePolicy(type: number, enabled: boolean, data: Policy['data']): Policy {
    const policy = this.policies.get(type) ?? { id: this.newId(), type, enabled, data };
    this.policies.set(type, policy);
    this.change(policy, { enabled, data });
    return policy;
  }

  isEnabled(policyType: number): boolean {
    return this.policies.get(policyType)?.enabled === true;
  }

  /** True if no other confirmed owner is left. */
  isLastOwner(member: Member): boolean {
    if (!isConfirmedOwner(member)) return false;
    return ![...this.members.values()].some((other) => other !== member && isConfirmedOwner(other));
  }

  memberByEmail(email: string): Member | undefined {
    const wanted = email.toLowerCase();
    return [...this.members.values()].find((member) => member.email.toLowerCase() === wanted);
  }

  /** Members who take a seat. */
  occupiedSeats(): number {
    const { revoked, staged } = STATUS;
    return [...this.members.values()].filter(({ status }) => status !== revoked && status !== staged).length;
  }
}

const isConfirmedOwner = ({ type, status }: Member): boolean => type === TYPE.owner && status === STATUS.confirmed;

import type { EventLog } from '#shared/connections/event-log.ts';
import type { Resources } from '#shared/connections/resource.ts';

/**
 * The port for systems that hold people and groups. Each vendor has an implementation in `connections/<type>/`, which
 * workflows use only through this port. All errors are RelayErrors.
 */

/** Access to one collection. */
export interface CollectionAccess {
  readonly collection: string;
  readonly readOnly: boolean;
  readonly hidePasswords: boolean;
  /** Allows to change the collection and its access. */
  readonly manage: boolean;
}

/** `custom`: the rights are in a list of their own, which the relay leaves as it is. */
export type MemberType = 'owner' | 'admin' | 'user' | 'manager' | 'custom';

/** `invited`: did not answer yet. `accepted`: waits for a person to confirm. `staged`: prepared without invitation. */
export type MemberStatus = 'revoked' | 'invited' | 'accepted' | 'confirmed' | 'staged';

/** A member without anything that identifies the person but the e-mail address. */
export interface Member {
  readonly id: string;
  /** In lower case. */
  readonly email: string;
  readonly type: MemberType;
  readonly status: MemberStatus;
  readonly externalId: string | undefined;
  /** Undefined if the list does not show it; {@link DirectorySession.member} does. */
  readonly access: readonly CollectionAccess[] | undefined;
  /** Access to all collections, which older servers can grant. */
  readonly hasAllAccess: boolean;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly externalId: string | undefined;
  /** Undefined if the list does not show it; {@link DirectorySession.group} does. */
  readonly access: readonly CollectionAccess[] | undefined;
  readonly hasAllAccess: boolean;
}

/** A collection. Its name is encrypted for its members. */
export interface Collection {
  readonly id: string;
  readonly externalId: string | undefined;
}

export interface Policy {
  readonly type: number;
  readonly enabled: boolean;
  /** Settings of the policy, as the directory shows them. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Whole list. */
export interface Listed<T> {
  readonly rows: readonly T[];
  /** Rows that can't be read, by id and problem. The list is then incomplete: what it lacks may exist. */
  readonly rejected: readonly string[];
}

/** Abilities of this directory. Found by probing, once for each session. */
export interface DirectoryAbilities {
  /** True if the use of a member can be revoked and restored. Otherwise access is removed instead. */
  readonly revokes: boolean;
  /** True if members and groups can be read and changed. A directory can be limited to imports. */
  readonly manages: boolean;
}

/** Settings of a member to change. What is absent stays. */
export interface MemberChange {
  readonly type?: MemberType;
  /** `null` removes it. */
  readonly externalId?: string | null;
  readonly access?: readonly CollectionAccess[];
  /** Only `false`: the relay grants no access to everything. */
  readonly hasAllAccess?: false;
}

/** Settings of a group to change. What is absent stays. */
export interface GroupChange {
  readonly name?: string;
  readonly externalId?: string | null;
  readonly access?: readonly CollectionAccess[];
  readonly hasAllAccess?: false;
}

/**
 * A signed-in session. Objects are read, merged, written and read back: a change raises `ChangeRefused` if the read
 * after it shows another state. The caller changes one member or group at a time.
 */
export interface DirectorySession {
  abilities(): Promise<DirectoryAbilities>;
  /** All members. Repeatable. */
  members(): Promise<Listed<Member>>;
  /** All groups. Repeatable. */
  groups(): Promise<Listed<Group>>;
  /** All collections that the organization shares. Repeatable. */
  collections(): Promise<Listed<Collection>>;
  /** All policies that were ever saved. Repeatable. */
  policies(): Promise<Listed<Policy>>;
  /** One member with all its fields; undefined if it does not exist. Repeatable. */
  member(id: string): Promise<Member | undefined>;
  group(id: string): Promise<Group | undefined>;
  /** Ids of the groups of a member. Repeatable. */
  groupsOf(member: string): Promise<readonly string[]>;
  /** Ids of the members of a group. Repeatable. */
  membersOf(group: string): Promise<readonly string[]>;
  /** Free seats beside these members; undefined if the directory does not show them. Repeatable. */
  freeSeats(members: Listed<Member>): Promise<number | undefined>;

  /**
   * Invites a person, who receives a mail. Not repeatable: look for the address first. Returns the id. Older servers
   * ignore the groups: follow it with {@link changeGroupsOf}.
   */
  invite(person: {
    readonly email: string;
    readonly type: MemberType;
    readonly externalId?: string | undefined;
    readonly access: readonly CollectionAccess[];
    readonly groups: readonly string[];
  }): Promise<string>;
  /** Sends the invitation again. Repeatable, with a mail each time. */
  reinvite(member: string): Promise<void>;
  /** Changes settings of a member. Repeatable. */
  changeMember(id: string, change: MemberChange): Promise<void>;
  /** Adds a member to groups and removes it from others, and leaves the rest. Repeatable. */
  changeGroupsOf(
    member: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void>;
  /**
   * Ends all use, reversibly. A revoked member counts as revoked. Returns false if the directory cannot revoke, which
   * some show only now: the member is then unchanged. Repeatable.
   */
  revoke(member: string): Promise<boolean>;
  /** Allows the use again, with the status of before. A member that is not revoked counts as restored. Repeatable. */
  restore(member: string): Promise<void>;
  /** Removes a member. One that does not exist counts as removed. Repeatable. */
  removeMember(id: string): Promise<void>;

  /** Creates a group without members, and returns its id. Not repeatable: look for its name or externalId first. */
  createGroup(group: {
    readonly name: string;
    readonly externalId?: string | undefined;
    readonly access: readonly CollectionAccess[];
  }): Promise<string>;
  changeGroup(id: string, change: GroupChange): Promise<void>;
  /** Removes a group, whose members stay. Repeatable. */
  removeGroup(id: string): Promise<void>;

  /** Saves a policy, whose settings it replaces. It can revoke members who do not comply. Repeatable. */
  savePolicy(policy: Policy): Promise<void>;

  /**
   * The same session, whose calls are over before a time, in epoch milliseconds. A call that would begin later, also
   * when it is repeated, raises `OutOfTime`.
   */
  until(time: number): DirectorySession;
  /** Audit events. */
  readonly events: EventLog;
  /** Imports the code that provisions. */
  resources(): Promise<Resources>;
}

export interface Directory {
  /** Ensures that sign-in works, and returns until when, UTC ISO 8601, if that is known. Repeatable. */
  ensureSignIn(): Promise<{ readonly expiresAt: string | null }>;
  /** Signs in and runs the work. One session for each invocation of a function. */
  session<T>(work: (session: DirectorySession) => Promise<T>): Promise<T>;
}

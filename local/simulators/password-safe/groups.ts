import { ALL_ACCOUNTS_RULE_ID } from './rules.ts';
import type { Grants, KnownUser, Role, Users } from './users.ts';

/** Levels of access to a rule or by a permission. */
export const ACCESS_LEVELS = { none: 0, read: 1, full: 3 } as const;

/** Roles of a group on a rule, given by the API. */
export interface RuleRoles {
  readonly roleIds: readonly number[];
  readonly policyId: number | null;
}

export const GROUP_TYPES = ['BeyondInsight', 'EntraID', 'ActiveDirectory', 'LdapDirectory'] as const;

/** A user group. The groups of the users exist from the start. */
export interface UserGroup {
  readonly groupId: number;
  readonly name: string;
  readonly description: string;
  readonly type: (typeof GROUP_TYPES)[number];
  readonly distinguishedName: string | null;
  readonly accountAttribute: string | null;
  readonly membershipAttribute: string | null;
  readonly active: boolean;
  readonly registrationIds: readonly number[];
  /** Levels by permission id. */
  readonly permissions: ReadonlyMap<number, number>;
  /** Levels by rule id. */
  readonly access: ReadonlyMap<number, number>;
  /** Roles by rule id. */
  readonly roles: ReadonlyMap<number, RuleRoles>;
}

const lower = (text: string): string => text.toLowerCase();

const isIn = ({ groups = [] }: KnownUser, { name }: UserGroup): boolean => groups.map(lower).includes(lower(name));

export class Groups {
  readonly #users: Users;
  readonly #byId = new Map<number, UserGroup>();
  #lastId = 0;

  constructor(users: Users) {
    this.#users = users;
    users.grantsOf = (userName) => this.#grantsOf(userName);
  }

  all(): readonly UserGroup[] {
    this.#addGroupsOfUsers();
    return [...this.#byId.values()];
  }

  byId(groupId = 0): UserGroup | undefined {
    return this.all().find((group) => group.groupId === groupId);
  }

  byName(name: string): UserGroup | undefined {
    return this.all().find((group) => lower(group.name) === lower(name));
  }

  membersOf(group: UserGroup): readonly KnownUser[] {
    return this.#users.all.filter((user) => isIn(user, group));
  }

  ofUser({ userName }: KnownUser): readonly UserGroup[] {
    const user = this.#users.byName(userName);
    return user === undefined ? [] : this.all().filter((group) => group.active && isIn(user, group));
  }

  add(group: Omit<UserGroup, 'groupId'>): UserGroup {
    this.#lastId += 1;
    const added = { ...group, groupId: this.#lastId };
    this.#byId.set(added.groupId, added);
    return added;
  }

  replace(group: UserGroup): void {
    this.#byId.set(group.groupId, group);
  }

  /** Deletes a group, whose members stay. */
  remove(group: UserGroup): void {
    for (const { userName, groups = [] } of this.membersOf(group)) {
      this.#users.change(userName, { groups: groups.filter((name) => lower(name) !== lower(group.name)) });
    }
    this.#byId.delete(group.groupId);
  }

  /** Drops all links to a deleted rule. */
  forgetRule(ruleId: number): void {
    for (const group of this.all()) {
      const without = <V>(map: ReadonlyMap<number, V>) => new Map([...map].filter(([id]) => id !== ruleId));
      this.replace({ ...group, access: without(group.access), roles: without(group.roles) });
    }
  }

  #addGroupsOfUsers(): void {
    const known = new Set([...this.#byId.values()].map(({ name }) => lower(name)));
    for (const name of this.#users.all.flatMap(({ groups = [] }) => groups)) {
      if (known.has(lower(name))) continue;
      known.add(lower(name));
      this.add({
        ...NEW_GROUP,
        name,
        description: name,
        access: new Map([[ALL_ACCOUNTS_RULE_ID, ACCESS_LEVELS.read]]),
      });
    }
  }

  #grantsOf(userName: string): Grants {
    const read = new Set<Role>();
    const full = new Set<Role>();
    const user = this.#users.byName(userName);
    for (const { permissions, roles } of user === undefined ? [] : this.ofUser(user)) {
      for (const { permissionId, role } of PERMISSIONS) {
        const level = permissions.get(permissionId) ?? ACCESS_LEVELS.none;
        if (level !== ACCESS_LEVELS.none) read.add(role);
        if (level === ACCESS_LEVELS.full) full.add(role);
      }
      const roleIds = [...roles.values()].flatMap((one) => one.roleIds);
      if (roleIds.some((id) => opensRequestsById(id))) read.add('requestor');
      if (roleIds.some((id) => id === APPROVER.roleId || id === REQUESTOR_APPROVER.roleId)) read.add('approver');
    }
    return { read, full };
  }
}

/** A permission of groups, and the role of users that it corresponds to. */
export const PERMISSIONS: readonly { readonly permissionId: number; readonly name: string; readonly role: Role }[] = [
  { permissionId: 1, name: 'Asset Management', role: 'asset-management' },
  { permissionId: 2, name: 'Password Safe System Management', role: 'system-management' },
  { permissionId: 3, name: 'Password Safe Account Management', role: 'account-management' },
  { permissionId: 4, name: 'Smart Rule Management - Managed Account', role: 'rule-management' },
  { permissionId: 5, name: 'User Accounts Management', role: 'user-management' },
  { permissionId: 6, name: 'Password Safe Role Management', role: 'role-management' },
  { permissionId: 7, name: 'Password Safe Configuration Management', role: 'configuration-management' },
  { permissionId: 8, name: 'Password Safe API Global Quarantine', role: 'global-quarantine' },
];

/** A new group has neither permissions nor access. */
export const NEW_GROUP = {
  type: 'BeyondInsight',
  distinguishedName: null,
  accountAttribute: null,
  membershipAttribute: null,
  active: true,
  registrationIds: [1],
  permissions: new Map<number, number>(),
  access: new Map<number, number>(),
  roles: new Map<number, RuleRoles>(),
} as const;

/** A role of Password Safe, which a group has on a Smart Rule. */
export interface GroupRole {
  readonly roleId: number;
  readonly name: string;
}

const REQUESTOR = { roleId: 1, name: 'Requestor' } as const;
const APPROVER = { roleId: 2, name: 'Approver' } as const;
const REQUESTOR_APPROVER = { roleId: 3, name: 'Requestor/Approver' } as const;
const ISA = { roleId: 4, name: 'Information Systems Administrator' } as const;

/** The reference confirms only the third id. Clients look up names. */
export const GROUP_ROLES: readonly GroupRole[] = [REQUESTOR, APPROVER, REQUESTOR_APPROVER, ISA];

/** Roles of a group on the rule of all accounts, by the roles that its members have from the start. */
const initialRoles = (members: readonly KnownUser[]): GroupRole[] => {
  const has = (role: Role): boolean => members.some(({ roles }) => roles.includes(role));
  return [
    ...(has('requestor') && has('approver') ? [REQUESTOR_APPROVER] : []),
    ...(has('requestor') && !has('approver') ? [REQUESTOR] : []),
    ...(has('approver') && !has('requestor') ? [APPROVER] : []),
    ...(has('isa') ? [ISA] : []),
  ];
};

/** The roles of a group on a rule. */
export const rolesOf = (groups: Groups, group: UserGroup, ruleId: number): readonly GroupRole[] => {
  const given = group.roles.get(ruleId);
  if (given !== undefined) return GROUP_ROLES.filter(({ roleId }) => given.roleIds.includes(roleId));
  return ruleId === ALL_ACCOUNTS_RULE_ID ? initialRoles(groups.membersOf(group)) : [];
};

/** True for roles that open requests, which an access policy governs. */
export const opensRequestsById = (roleId: number): boolean =>
  roleId === REQUESTOR.roleId || roleId === REQUESTOR_APPROVER.roleId;

import type { KnownUser, Role } from './users.ts';

/** A user group. Groups exist by their members. */
export interface UserGroup {
  readonly groupId: number;
  readonly name: string;
  readonly members: readonly KnownUser[];
}

/** The groups of these users, in the order of their first members. */
export const groupsOf = (users: readonly KnownUser[]): UserGroup[] => {
  const names = new Set(users.flatMap(({ groups = [] }) => groups));
  return [...names].map((name, index) => ({
    groupId: index + 1,
    name,
    members: users.filter(({ groups = [] }) => groups.includes(name)),
  }));
};

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

/** The roles of a group: those that one of its members has here. */
export const rolesOf = ({ members }: UserGroup): GroupRole[] => {
  const has = (role: Role): boolean => members.some(({ roles }) => roles.includes(role));
  return [
    ...(has('requestor') && has('approver') ? [REQUESTOR_APPROVER] : []),
    ...(has('requestor') && !has('approver') ? [REQUESTOR] : []),
    ...(has('approver') && !has('requestor') ? [APPROVER] : []),
    ...(has('isa') ? [ISA] : []),
  ];
};

/** True for roles that open requests, which an access policy governs. */
export const opensRequests = (role: GroupRole): boolean => role === REQUESTOR || role === REQUESTOR_APPROVER;

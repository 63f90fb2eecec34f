import { guidFor } from './ids.ts';
import { type Access, type Fleet, type GroupSettings, type MemberSettings, STATUS, TYPE } from './organization.ts';
import { NO_PERMISSIONS } from './permissions.ts';

export interface FleetOptions {
  /** Number of members, including edge cases. The first one is the confirmed owner. */
  readonly members: number;
  readonly groups: number;
  readonly collections: number;
  /** The same seed generates the same fleet. */
  readonly seed: number;
}

type FleetMember = Fleet['members'][number];

/** Edge cases in the order in which small fleets contain them, after the owner. */
const EDGE_CASES: readonly Partial<MemberSettings>[] = [
  { type: TYPE.admin },
  { status: STATUS.invited, userId: null, name: null },
  { status: STATUS.accepted },
  { status: STATUS.revoked, statusBefore: STATUS.confirmed },
  { externalId: null },
  { externalId: 'cn=dana,ou=people,dc=example' },
  { type: TYPE.custom, permissions: { ...NO_PERMISSIONS, manageUsers: true, accessEventLogs: true } },
  { status: STATUS.staged, userId: null, name: null },
  { name: 'Jürgen "Søn" <#1> & 田中', email: "j.o'hara+50%@example.com" },
  { twoFactorEnabled: false, isInOtherOrganization: true },
  { hasMasterPassword: false, ssoExternalId: 'sso-1' },
  { status: STATUS.revoked, statusBefore: STATUS.invited, userId: null, name: null },
];

const ACCESS: readonly Access[] = [
  { readOnly: true, hidePasswords: false, manage: false },
  { readOnly: false, hidePasswords: false, manage: false },
  { readOnly: false, hidePasswords: false, manage: true },
  { readOnly: true, hidePasswords: true, manage: false },
];

/** One item of a list by any index. Undefined if the list is empty. */
const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** Some right in some collection. */
const accessAt = (index: number, collectionIds: readonly string[]): ReadonlyMap<string, Access> => {
  const id = pick(collectionIds, index);
  const access = pick(ACCESS, index);
  return new Map(id === undefined || access === undefined ? [] : [[id, access]]);
};

const memberAt = (seed: number, index: number): MemberSettings => {
  const number = String(index + 1).padStart(5, '0');
  return {
    id: guidFor(seed, 'member', index),
    userId: guidFor(seed, 'user', index),
    name: `Person ${number}`,
    email: `person-${number}@example.com`,
    type: index === 0 ? TYPE.owner : TYPE.user,
    status: STATUS.confirmed,
    statusBefore: STATUS.confirmed,
    externalId: index === 0 ? null : `person-${number}`,
    permissions: null,
    twoFactorEnabled: true,
    resetPasswordEnrolled: index % 2 === 0,
    ssoExternalId: null,
    accessAll: index === 0,
    hasMasterPassword: true,
    isInOtherOrganization: false,
    access: new Map(),
  };
};

/** Group names repeat every hundred groups: nothing makes them unique. */
const groupAt = (seed: number, index: number, collectionIds: readonly string[]): GroupSettings => {
  return {
    id: guidFor(seed, 'group', index),
    name: `Group ${String((index % 100) + 1).padStart(3, '0')}`,
    externalId: index % 10 === 9 ? null : `group-${String(index + 1).padStart(4, '0')}`,
    accessAll: false,
    access: accessAt(index, collectionIds),
  };
};

/**
 * Creates a fleet of this size. At most twelve members, and never more than half, are edge cases, which follow the
 * owner. The last collection is a personal one if there are several.
 */
export const createFleet = ({ members, groups, collections, seed }: FleetOptions): Fleet => {
  const allCollections = Array.from({ length: collections }, (_, index) => ({
    id: guidFor(seed, 'collection', index),
    externalId: index % 5 === 4 ? null : `collection-${String(index + 1).padStart(4, '0')}`,
    isDefault: collections > 1 && index === collections - 1,
  }));
  const sharedIds = allCollections.filter(({ isDefault }) => !isDefault).map(({ id }) => id);
  const allGroups = Array.from({ length: groups }, (_, index) => groupAt(seed, index, sharedIds));
  const edgeCases = EDGE_CASES.slice(0, Math.floor(members / 2));
  return {
    collections: allCollections,
    groups: allGroups,
    members: Array.from({ length: members }, (_, index): FleetMember => {
      const group = pick(allGroups, index);
      return {
        ...memberAt(seed, index),
        access: index % 3 === 0 ? accessAt(index, sharedIds) : new Map(),
        ...edgeCases[index - 1],
        groupIds: group === undefined || index === 0 ? [] : [group.id],
      };
    }),
  };
};

import type { Access, Collection, Group, Member, Organization, Policy } from './organization.ts';
import type { Switches } from './switches.ts';

type Associations = readonly unknown[] | null;

/** Older servers know one right in a collection. */
export const associations = (access: ReadonlyMap<string, Access>, { era }: Switches): Associations =>
  [...access].map(([id, { readOnly, hidePasswords, manage }]) =>
    era === 'today' ? { id, readOnly, hidePasswords, manage } : { id, readOnly },
  );

const odd = <T extends object>(id: string, row: T, { oddRows }: Switches): object => {
  const fields = oddRows[id];
  return fields === undefined ? row : { ...row, ...fields };
};

export const memberRow = (member: Member, collections: Associations, switches: Switches): object => {
  const { id, userId, name, email, type, status, externalId } = member;
  const common = { object: 'member', id, userId, name, email, type, status, externalId, collections };
  const { twoFactorEnabled, resetPasswordEnrolled, ssoExternalId, permissions, accessAll } = member;
  const row =
    switches.era === 'today'
      ? { ...common, permissions, twoFactorEnabled, resetPasswordEnrolled, ssoExternalId }
      : { ...common, accessAll, twoFactorEnabled, resetPasswordEnrolled };
  return odd(id, row, switches);
};

export const groupRow = (group: Group, collections: Associations, switches: Switches): object => {
  const { id, name, externalId, accessAll } = group;
  const row = { object: 'group', id, name, externalId, collections };
  return odd(id, switches.era === 'today' ? row : { ...row, accessAll }, switches);
};

/** The groups of every collection. */
export const groupsByCollection = ({ groups }: Organization): ReadonlyMap<string, ReadonlyMap<string, Access>> => {
  const all = new Map<string, Map<string, Access>>();
  for (const group of groups.values()) {
    for (const [id, access] of group.access) {
      const held = all.get(id) ?? new Map<string, Access>();
      all.set(id, held.set(group.id, access));
    }
  }
  return all;
};

export const collectionRow = ({ id, externalId }: Collection, groups: Associations, switches: Switches): object =>
  odd(id, { object: 'collection', id, externalId, groups }, switches);

export const policyRow = ({ id, type, enabled, data }: Policy, switches: Switches): object =>
  odd(id, { object: 'policy', id, type, enabled, data }, switches);

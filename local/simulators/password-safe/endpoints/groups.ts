import * as z from 'zod';
import { flag, integer } from '../calls.ts';
import { lenient, readBody, text } from '../fields.ts';
import { GROUP_TYPES, NEW_GROUP, PERMISSIONS, type UserGroup } from '../groups.ts';
import { withOddFields } from '../paging.ts';
import { empty, json, type Reply, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import { change, collection, member } from './collections.ts';
import { level, NOT_FOUND, USERS } from './group-roles.ts';
import { word } from './opening.ts';
import { userRow } from './users.ts';

const groupRow = (site: Site, group: UserGroup) =>
  withOddFields(site.switches, `group ${group.groupId}`, {
    GroupID: group.groupId,
    Name: group.name,
    DistinguishedName: group.distinguishedName,
    Description: group.description,
    GroupType: group.type,
    AccountAttribute: group.accountAttribute,
    MembershipAttribute: group.membershipAttribute,
    IsActive: group.active,
    ApplicationRegistrationIDs: group.registrationIds,
  });

const permissionRow = lenient({
  PermissionID: integer.refine((id) => PERMISSIONS.some(({ permissionId }) => permissionId === id), 'is unknown'),
  AccessLevelID: level,
});
const permissionRows = z.array(permissionRow);

const groupBody = lenient({
  GroupType: word(GROUP_TYPES),
  GroupName: z.string().max(200),
  Description: z.string().max(255),
  IsActive: flag.default(true),
  Permissions: permissionRows.optional(),
  SmartRuleAccess: z.array(lenient({ SmartRuleID: integer, AccessLevelID: level })).optional(),
  ApplicationRegistrationIDs: z.array(integer).optional(),
  GroupDistinguishedName: text(500),
  ForestName: text(300),
  DomainName: text(250),
  HostName: text(50),
  AccountAttribute: text(255),
  MembershipAttribute: text(255),
  ClientId: text(300),
  TenantId: text(300),
});
type GroupBody = z.infer<typeof groupBody>;

/** Fields without which the site cannot find a group of this type in its directory. */
const REQUIRED: Readonly<Record<UserGroup['type'], readonly (keyof GroupBody)[]>> = {
  BeyondInsight: [],
  EntraID: ['ClientId', 'TenantId'],
  ActiveDirectory: ['DomainName'],
  LdapDirectory: ['GroupDistinguishedName', 'HostName', 'MembershipAttribute', 'AccountAttribute'],
};

const distinguishedNameOf = (body: GroupBody): string | null => {
  if (body.GroupType === 'LdapDirectory') return body.GroupDistinguishedName ?? null;
  return body.GroupType === 'ActiveDirectory' ? `CN=${body.GroupName},DC=${body.DomainName ?? ''}` : null;
};

const createGroup = change({
  method: 'POST',
  template: 'UserGroups',
  roles: USERS,
  handle: (site, call) => {
    const read = readBody(call, groupBody);
    if ('refused' in read) return read.refused;
    const { body } = read;
    const { Permissions = [], SmartRuleAccess = [], ApplicationRegistrationIDs = [] } = body;
    const missing = REQUIRED[body.GroupType].find((name) => body[name] === undefined);
    if (missing !== undefined) return refusal(400, `The field ${missing} is required.`);
    const unknown = SmartRuleAccess.find(({ SmartRuleID }) => site.rules.byId(SmartRuleID) === undefined);
    if (unknown !== undefined) {
      return refusal(400, `The field SmartRuleAccess is invalid: there is no rule ${unknown.SmartRuleID}.`);
    }
    if (site.groups.byName(body.GroupName) !== undefined) {
      return refusal(site.switches.duplicate, 'User Group already exists');
    }
    const group = site.groups.add({
      ...NEW_GROUP,
      name: body.GroupName,
      description: body.Description,
      type: body.GroupType,
      active: body.IsActive,
      distinguishedName: distinguishedNameOf(body),
      accountAttribute: body.AccountAttribute ?? null,
      membershipAttribute: body.MembershipAttribute ?? null,
      registrationIds: ApplicationRegistrationIDs,
      permissions: new Map(Permissions.map((one) => [one.PermissionID, one.AccessLevelID])),
      access: new Map(SmartRuleAccess.map((one) => [one.SmartRuleID, one.AccessLevelID])),
    });
    return json(201, groupRow(site, group));
  },
});

const deleteGroup = (site: Site, group: UserGroup | undefined): Reply => {
  if (group === undefined) return NOT_FOUND;
  site.groups.remove(group);
  return empty(200);
};

const setPermissions = change({
  method: 'POST',
  template: 'UserGroups/{id}/Permissions',
  roles: USERS,
  handle: (site, call) => {
    const group = site.groups.byId(call.ids[0]);
    if (group === undefined) return NOT_FOUND;
    const read = readBody(call, permissionRows);
    if ('refused' in read) return read.refused;
    const added = read.body.map((one) => [one.PermissionID, one.AccessLevelID] as const);
    site.groups.replace({ ...group, permissions: new Map([...group.permissions, ...added]) });
    return empty(204);
  },
});

const deletePermissions = change({
  method: 'DELETE',
  template: 'UserGroups/{id}/Permissions',
  roles: USERS,
  handle: (site, { ids: [id] }) => {
    const group = site.groups.byId(id);
    if (group === undefined) return NOT_FOUND;
    site.groups.replace({ ...group, permissions: new Map() });
    return empty(204);
  },
});

/** User groups and their permissions. */
export const groupEndpoints: readonly Endpoint[] = [
  collection({
    template: 'UserGroups',
    roles: USERS,
    called: 'User Group',
    rows: (site) => site.groups.all().map((group) => groupRow(site, group)),
    lookUp: { parameter: 'name', text: (row: { Name: string }) => row.Name },
  }),
  member({
    template: 'UserGroups/{id}',
    roles: USERS,
    called: 'User Group',
    row: (site, id) => {
      const group = site.groups.byId(id);
      return group && groupRow(site, group);
    },
  }),
  createGroup,
  change({
    method: 'DELETE',
    template: 'UserGroups/{id}',
    roles: USERS,
    handle: (site, { ids: [id] }) => deleteGroup(site, site.groups.byId(id)),
  }),
  change({
    method: 'DELETE',
    template: 'UserGroups',
    roles: USERS,
    handle: (site, { query }) => deleteGroup(site, site.groups.byName(query.get('name') ?? '')),
  }),
  collection({
    template: 'UserGroups/{id}/Users',
    roles: USERS,
    called: 'User Group',
    rows: (site, { ids: [id] }) => {
      const group = site.groups.byId(id);
      return group && site.groups.membersOf(group).map((user) => userRow(site, user));
    },
  }),
  collection({
    template: 'UserGroups/{id}/Permissions',
    roles: USERS,
    called: 'User Group',
    rows: (site, { ids: [id] }) => {
      const group = site.groups.byId(id);
      return group && [...group.permissions].map(([PermissionID, AccessLevelID]) => ({ PermissionID, AccessLevelID }));
    },
  }),
  setPermissions,
  deletePermissions,
  collection({
    template: 'Permissions',
    roles: USERS,
    called: 'Permission',
    rows: () => PERMISSIONS.map(({ permissionId, name }) => ({ PermissionID: permissionId, Name: name })),
  }),
];

import * as z from 'zod';
import { integer } from '../calls.ts';
import { lenient, readBody } from '../fields.ts';
import { ACCESS_LEVELS, GROUP_ROLES, type GroupRole, opensRequestsById, rolesOf, type UserGroup } from '../groups.ts';
import { withOddFields } from '../paging.ts';
import { empty, refusal } from '../replies.ts';
import { ALL_ACCOUNTS_RULE_ID } from '../rules.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import { change, collection } from './collections.ts';
import { smartRuleRow } from './rules.ts';

export const USERS: readonly Role[] = ['user-management'];
const USERS_AND_ROLES: readonly Role[] = ['user-management', 'role-management'];
const READS_ROLES: readonly Role[] = ['role-management'];
export const NOT_FOUND = refusal(404, 'User Group not found');

const LEVELS: readonly number[] = Object.values(ACCESS_LEVELS);
export const level = integer.refine((value) => LEVELS.includes(value), `must be one of ${LEVELS.join(', ')}`);
const roleRow = (site: Site, { roleId, name }: GroupRole) =>
  withOddFields(site.switches, `role ${roleId}`, { RoleID: roleId, Name: name });

const levelBody = lenient({ AccessLevelID: level });

const setAccessLevel = change({
  method: 'POST',
  template: 'UserGroups/{id}/SmartRules/{id}/AccessLevels',
  roles: USERS,
  handle: (site, call) => {
    const [groupId, ruleId = 0] = call.ids;
    const group = site.groups.byId(groupId);
    if (group === undefined) return NOT_FOUND;
    if (site.rules.byId(ruleId) === undefined) return refusal(404, 'Smart Rule not found');
    const read = readBody(call, levelBody);
    if ('refused' in read) return read.refused;
    const { AccessLevelID } = read.body;
    const access = new Map([...group.access, [ruleId, AccessLevelID] as const]);
    // Without access to the rule, the group loses its roles on it.
    const roles = new Map([...group.roles].filter(([id]) => id !== ruleId || AccessLevelID !== ACCESS_LEVELS.none));
    site.groups.replace({ ...group, access, roles });
    return empty(200);
  },
});

const rolesBody = lenient({
  Roles: z.array(
    lenient({ RoleID: integer.refine((id) => GROUP_ROLES.some(({ roleId }) => roleId === id), 'is unknown') }),
  ),
  AccessPolicyID: integer.optional(),
});

const setRoles = change({
  method: 'POST',
  template: 'UserGroups/{id}/SmartRules/{id}/Roles',
  roles: USERS_AND_ROLES,
  handle: (site, call) => {
    const [groupId, ruleId = 0] = call.ids;
    const group = site.groups.byId(groupId);
    if (group === undefined) return NOT_FOUND;
    if (site.rules.byId(ruleId) === undefined) return refusal(404, 'Smart Rule not found');
    const read = readBody(call, rolesBody);
    if ('refused' in read) return read.refused;
    if ((group.access.get(ruleId) ?? ACCESS_LEVELS.none) === ACCESS_LEVELS.none) {
      return refusal(400, 'The access level of the User Group to the Smart Rule must be set first.');
    }
    const roleIds = read.body.Roles.map(({ RoleID }) => RoleID);
    const policyId = read.body.AccessPolicyID || null;
    if (roleIds.some(opensRequestsById) && policyId === null) {
      return refusal(400, 'The field AccessPolicyID is required for a requestor role.');
    }
    if (policyId !== null && site.policies.every(({ id }) => id !== policyId)) {
      return refusal(400, 'The field AccessPolicyID is invalid: there is no such policy.');
    }
    site.groups.replace({ ...group, roles: new Map([...group.roles, [ruleId, { roleIds, policyId }] as const]) });
    return empty(204);
  },
});

const deleteRoles = change({
  method: 'DELETE',
  template: 'UserGroups/{id}/SmartRules/{id}/Roles',
  roles: USERS_AND_ROLES,
  handle: (site, { ids: [groupId, ruleId = 0] }) => {
    const group = site.groups.byId(groupId);
    if (group === undefined) return NOT_FOUND;
    if (site.rules.byId(ruleId) === undefined) return refusal(404, 'Smart Rule not found');
    site.groups.replace({ ...group, roles: new Map([...group.roles].filter(([id]) => id !== ruleId)) });
    return empty(200);
  },
});

/** The rules to which a group has one of the levels. */
const rulesOf = (site: Site, group: UserGroup, levels: readonly number[]) =>
  site.rules.all().flatMap((rule) => {
    const AccessLevelID = group.access.get(rule.ruleId) ?? ACCESS_LEVELS.none;
    return levels.includes(AccessLevelID) ? [{ ...smartRuleRow(site, rule), AccessLevelID }] : [];
  });

/** The groups whose members can open requests under a policy, each with its role and rule. */
const assigneesOf = (site: Site, policyId: number) =>
  site.groups.all().flatMap((group) =>
    site.rules.all().flatMap((rule) => {
      // From the start, the policy of a role on the rule of all accounts is that of each account.
      const isOfFleet = rule.ruleId === ALL_ACCOUNTS_RULE_ID && !group.roles.has(rule.ruleId);
      if (!isOfFleet && group.roles.get(rule.ruleId)?.policyId !== policyId) return [];
      const roles = rolesOf(site.groups, group, rule.ruleId).filter(({ roleId }) => opensRequestsById(roleId));
      return roles.map(({ roleId, name }) => ({
        RoleID: roleId,
        RoleName: name,
        UserGroupID: group.groupId,
        UserGroupName: group.name,
        UserGroupIsActive: group.active,
        SmartRuleID: rule.ruleId,
        SmartRuleTitle: rule.title,
        SmartRuleIsActive: true,
      }));
    }),
  );

/** The roles and the access of groups, by which rules connect them with accounts. */
export const groupRoleEndpoints: readonly Endpoint[] = [
  collection({
    template: 'UserGroups/{id}/SmartRules',
    roles: USERS,
    called: 'User Group',
    rows: (site, { ids: [id], query }) => {
      const group = site.groups.byId(id);
      return group && rulesOf(site, group, (query.get('accesslevels') ?? '1,3').split(',').map(Number));
    },
  }),
  setAccessLevel,
  collection({
    template: 'UserGroups/{id}/SmartRules/{id}/Roles',
    roles: READS_ROLES,
    called: 'Smart Rule',
    rows: (site, { ids: [id, ruleId = 0] }) => {
      const group = site.rules.byId(ruleId) && site.groups.byId(id);
      return group && rolesOf(site.groups, group, ruleId).map((role) => roleRow(site, role));
    },
  }),
  setRoles,
  deleteRoles,
  collection({
    template: 'Roles',
    roles: READS_ROLES,
    called: 'Role',
    rows: (site) => GROUP_ROLES.map((role) => roleRow(site, role)),
  }),
  collection({
    template: 'AccessLevels',
    roles: USERS,
    called: 'Access Level',
    rows: () => Object.entries(ACCESS_LEVELS).map(([Name, AccessLevelID]) => ({ AccessLevelID, Name })),
  }),
  collection({
    template: 'AccessPolicies/{id}/Assignees',
    roles: READS_ROLES,
    called: 'Access Policy',
    rows: (site, { ids: [id = 0] }) => (site.policies.some((one) => one.id === id) ? assigneesOf(site, id) : undefined),
  }),
];

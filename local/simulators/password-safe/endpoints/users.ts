import { GROUP_ROLES, type GroupRole, groupsOf, opensRequests, rolesOf, type UserGroup } from '../groups.ts';
import { withOddFields } from '../paging.ts';
import type { Endpoint, Site } from '../site.ts';
import type { KnownUser, Role } from '../users.ts';
import { collection, member } from './collections.ts';

const READS_USERS: readonly Role[] = ['user-management'];
const READS_ROLES: readonly Role[] = ['role-management'];

/** Never contains a client secret or a password. */
const userRow = (site: Site, user: KnownUser) => {
  const [name = '', domain] = user.userName.split('\\').reverse();
  return withOddFields(site.switches, `user ${user.userId}`, {
    UserID: user.userId,
    UserName: user.userName,
    DomainName: domain ?? null,
    DistinguishedName: null,
    FirstName: name,
    LastName: '',
    EmailAddress: '',
    LastLoginDate: null,
    LastLoginAuthenticationType: null,
    LastLoginConfigurationName: null,
    LastLoginSAMLIDPURL: null,
    LastLoginSSOURL: null,
    IsQuarantined: user.quarantined === true,
    IsActive: true,
    ClientID: user.oauth?.clientId ?? null,
    ClientSecret: null,
    AccessPolicyID: user.oauth === undefined ? null : 1,
    UserType: userTypeOf(user, domain),
  });
};

const userTypeOf = ({ oauth }: KnownUser, domain: string | undefined): string => {
  if (oauth !== undefined) return 'Application';
  return domain === undefined ? 'BeyondInsight' : 'ActiveDirectory';
};

const groupRow = (site: Site, { groupId, name }: UserGroup) =>
  withOddFields(site.switches, `group ${groupId}`, {
    GroupID: groupId,
    Name: name,
    DistinguishedName: null,
    Description: name,
    GroupType: 'BeyondInsight',
    AccountAttribute: null,
    MembershipAttribute: null,
    IsActive: true,
    ApplicationRegistrationIDs: [1],
  });

const roleRow = (site: Site, { roleId, name }: GroupRole) =>
  withOddFields(site.switches, `role ${roleId}`, { RoleID: roleId, Name: name });

/** The only Smart Rule, because a role applies to every account here. */
const smartRuleRow = (site: Site) =>
  withOddFields(site.switches, 'rule 1', {
    SmartRuleID: 1,
    OrganizationIDs: [ORGANIZATION_ID],
    Title: 'All Managed Accounts',
    Description: 'All Managed Accounts',
    Category: 'Managed Accounts',
    Status: 'Processed',
    LastProcessedDate: '2025-01-01T00:00:00Z',
    IsReadOnly: true,
    RuleType: 'ManagedAccount',
  });

export const ORGANIZATION_ID = '00000000-0000-4000-8000-0000000000aa';

const groupById = (site: Site, groupId = 0): UserGroup | undefined =>
  groupsOf(site.users.all).find((group) => group.groupId === groupId);

/** The groups whose members can open requests, each with the role and the Smart Rule by which it has the policy. */
const assigneesOf = (site: Site) => {
  const rule = smartRuleRow(site);
  return groupsOf(site.users.all).flatMap((group) =>
    rolesOf(group)
      .filter(opensRequests)
      .map(({ roleId, name }) => ({
        RoleID: roleId,
        RoleName: name,
        UserGroupID: group.groupId,
        UserGroupName: group.name,
        UserGroupIsActive: true,
        SmartRuleID: rule.SmartRuleID,
        SmartRuleTitle: rule.Title,
        SmartRuleIsActive: true,
      })),
  );
};

/** Reads of users, groups, roles and the Smart Rule that connects them with accounts. */
export const userEndpoints: readonly Endpoint[] = [
  collection({
    template: 'Users',
    roles: READS_USERS,
    called: 'User',
    rows: (site) => site.users.all.map((user) => userRow(site, user)),
    lookUp: { parameter: 'username', text: (row: { UserName: string }) => row.UserName },
  }),
  member({
    template: 'Users/{id}',
    roles: READS_USERS,
    called: 'User',
    row: (site, id) => {
      const user = site.users.byId(id);
      return user && userRow(site, user);
    },
  }),
  collection({
    template: 'UserGroups',
    roles: READS_USERS,
    called: 'User Group',
    rows: (site) => groupsOf(site.users.all).map((group) => groupRow(site, group)),
    lookUp: { parameter: 'name', text: (row: { Name: string }) => row.Name },
  }),
  member({
    template: 'UserGroups/{id}',
    roles: READS_USERS,
    called: 'User Group',
    row: (site, id) => {
      const group = groupById(site, id);
      return group && groupRow(site, group);
    },
  }),
  collection({
    template: 'UserGroups/{id}/Users',
    roles: READS_USERS,
    called: 'User Group',
    rows: (site, { ids: [id] }) => groupById(site, id)?.members.map((user) => userRow(site, user)),
  }),
  collection({
    template: 'UserGroups/{id}/SmartRules',
    roles: READS_USERS,
    called: 'User Group',
    rows: (site, { ids: [id] }) => groupById(site, id) && [{ ...smartRuleRow(site), AccessLevelID: 1 }],
  }),
  collection({
    template: 'UserGroups/{id}/SmartRules/{id}/Roles',
    roles: READS_ROLES,
    called: 'Smart Rule',
    rows: (site, { ids: [id, ruleId] }) => {
      const group = ruleId === 1 ? groupById(site, id) : undefined;
      return group && rolesOf(group).map((role) => roleRow(site, role));
    },
  }),
  collection({
    template: 'Roles',
    roles: READS_ROLES,
    called: 'Role',
    rows: (site) => GROUP_ROLES.map((role) => roleRow(site, role)),
  }),
  collection({
    template: 'SmartRules',
    roles: ['account-management'],
    called: 'Smart Rule',
    rows: (site) => [smartRuleRow(site)],
    lookUp: { parameter: 'title', text: (row: { Title: string }) => row.Title },
  }),
  member({
    template: 'SmartRules/{id}',
    roles: ['account-management'],
    called: 'Smart Rule',
    row: (site, id) => (id === 1 ? smartRuleRow(site) : undefined),
  }),
  collection({
    template: 'Organizations',
    roles: [],
    called: 'Organization',
    rows: () => [{ OrganizationID: ORGANIZATION_ID, Name: 'Default Organization', IsActive: true }],
    lookUp: { parameter: 'name', text: (row: { Name: string }) => row.Name },
  }),
  collection({
    template: 'AccessPolicies/{id}/Assignees',
    roles: READS_ROLES,
    called: 'Access Policy',
    rows: (site, { ids: [id] }) =>
      site.accounts.all.some(({ row }) => row.policy?.id === id) ? assigneesOf(site) : undefined,
  }),
];

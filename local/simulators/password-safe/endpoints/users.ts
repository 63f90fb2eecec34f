import { withOddFields } from '../paging.ts';
import type { Endpoint, Site } from '../site.ts';
import type { KnownUser, Role } from '../users.ts';
import { collection, member } from './collections.ts';

const READS_USERS: readonly Role[] = ['user-management'];

/** Never contains a client secret or a password. */
export const userRow = (site: Site, user: KnownUser) => {
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

export const ORGANIZATION_ID = '00000000-0000-4000-8000-0000000000aa';
const ORGANIZATION = { OrganizationID: ORGANIZATION_ID, Name: 'Default Organization', IsActive: true };

/** Reads of users and organizations. */
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
    template: 'Organizations',
    roles: [],
    called: 'Organization',
    rows: () => [ORGANIZATION],
    lookUp: { parameter: 'name', text: (row: { Name: string }) => row.Name },
  }),
  member({
    template: 'Organizations/{guid}',
    roles: [],
    called: 'Organization',
    row: (_site, _id, { guids }) => (guids[0] === ORGANIZATION_ID ? ORGANIZATION : undefined),
  }),
];

import { describe, expect, test } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import { ROLES, type Role } from '#local/simulators/password-safe/users.ts';
import { APPLICATION, APPROVER, type Caller, MINUTE_MS, pickKind, requestFor, startSite } from './site.ts';

const FLEET = createFleet({ accounts: 60, seed: 3 });
const SECRETS = createSecrets({ plain: 3 });
const [DATABASE, WINDOWS] = [FLEET[0], FLEET.find(({ type }) => type === 'system')];
const [SECRET, FILE] = [SECRETS[0], SECRETS.find(({ shape }) => shape === 'file')];
if (!(DATABASE && WINDOWS && SECRET && FILE)) throw new Error('The site is too small.');
const PLAIN = pickKind(FLEET, 'plain');

const siteFor = (roles: readonly Role[], approver: readonly Role[] = APPROVER.roles) =>
  startSite({
    fleet: FLEET,
    secrets: SECRETS,
    aliases: [{ aliasId: 1, aliasName: 'reporting', accountIds: [1001, 1002] }],
    users: [
      { ...APPLICATION, roles },
      { ...APPROVER, roles: approver },
    ],
  });
const read = async (caller: Caller, path: string) => JSON.parse((await caller.get(path)).text);
const words = (text: string): string[] => text.trim().split(/\s+/).toSorted();

const PROVISIONED = `ManagedAccountID ManagedSystemID DomainName AccountName DistinguishedName PasswordFallbackFlag
  UserPrincipalName SAMAccountName LoginAccountFlag Description PasswordRuleID ApiEnabled ReleaseNotificationEmail
  ChangeServicesFlag RestartServicesFlag ChangeTasksFlag ReleaseDuration MaxReleaseDuration ISAReleaseDuration
  MaxConcurrentRequests AutoManagementFlag DSSAutoManagementFlag CheckPasswordFlag ResetPasswordOnMismatchFlag
  ChangePasswordAfterAnyReleaseFlag ChangeFrequencyType ChangeFrequencyDays ChangeTime ParentAccountID
  IsSubscribedAccount LastChangeDate NextChangeDate IsChanging ChangeState UseOwnCredentials WorkgroupID
  ChangeIISAppPoolFlag RestartIISAppPoolFlag ChangeWindowsAutoLogonFlag ChangeComPlusFlag ChangeDComFlag
  ChangeSComFlag ObjectID`;
const SYSTEM = `ManagedSystemID EntityTypeID AssetID DatabaseID DirectoryID CloudID WorkgroupID HostName DnsName IPAddress
  InstanceName IsDefaultInstance Template ForestName UseSSL OracleInternetDirectoryID
  OracleInternetDirectoryServiceName SystemName PlatformID NetBiosName Port Timeout Description ContactEmail
  PasswordRuleID DSSKeyRuleID ReleaseDuration MaxReleaseDuration ISAReleaseDuration AutoManagementFlag
  FunctionalAccountID LoginAccountID ElevationCommand SshKeyEnforcementMode CheckPasswordFlag
  ChangePasswordAfterAnyReleaseFlag ResetPasswordOnMismatchFlag ChangeFrequencyType ChangeFrequencyDays ChangeTime
  AccountNameFormat RemoteClientType ApplicationHostID IsApplicationHost AccessURL`;
const PLATFORM = `PlatformID Name ShortName PortFlag DefaultPort SupportsElevationFlag DomainNameFlag AutoManagementFlag
  DSSAutoManagementFlag ManageableFlag DSSFlag LoginAccountFlag DefaultSessionType ApplicationHostFlag
  RequiresApplicationHost RequiresTenantID RequiresObjectID RequiresSecret`;
const ASSET = `WorkgroupID AssetID AssetName DnsName DomainName IPAddress MacAddress AssetType OperatingSystem CreateDate
  LastUpdateDate`;
const ACCOUNT = `PlatformID SystemId SystemName DomainName AccountId AccountName InstanceName UserPrincipalName
  ApplicationID ApplicationDisplayName DefaultReleaseDuration MaximumReleaseDuration LastChangeDate NextChangeDate
  IsChanging ChangeState IsISAAccess PreferredNodeID AccountDescription TotpEnabled TotpParameters`;
const USER = `UserID UserName DomainName DistinguishedName FirstName LastName EmailAddress LastLoginDate
  LastLoginAuthenticationType LastLoginConfigurationName LastLoginSAMLIDPURL LastLoginSSOURL IsQuarantined IsActive
  ClientID ClientSecret AccessPolicyID UserType`;
const GROUP = `GroupID Name DistinguishedName Description GroupType AccountAttribute MembershipAttribute IsActive
  ApplicationRegistrationIDs`;
const RULE = `SmartRuleID OrganizationIDs Title Description Category Status LastProcessedDate IsReadOnly RuleType`;
const WORKGROUP = 'OrganizationID ID Name';
const FOLDER = 'Id Name Description ParentId UserGroupId UserId FolderOwnerId';
const SECRET_3_2 = `Id Title Description Username Password SecretType FolderId Folder FolderPath CreatedOn CreatedBy
  ModifiedOn ModifiedBy Notes Urls FileName FileHash Owners IsFavorite SecretValueModifiedOn`;

const PASSWORD_RULE = `PasswordRuleID Name Description MinimumLength MaximumLength FirstCharacterRequirement
  LowercaseRequirement UppercaseRequirement NumericRequirement SymbolRequirement ValidLowercaseCharacters
  ValidUppercaseCharacters ValidSymbols EnabledProducts`;
const KEY_RULE = 'DSSKeyRuleID Name Description KeyType KeySize EncryptionType PasswordRuleID';
const FUNCTIONAL_ACCOUNT = `FunctionalAccountID PlatformID DomainName AccountName DisplayName Description ElevationCommand
  SystemReferenceCount TenantID ObjectID AzureInstance`;

const system = WINDOWS.systemId;
/** Every read: the path, the one role that it needs (null: none), and all fields of its first row. */
const READS: readonly (readonly [path: string, role: Role | null, fields: string])[] = [
  ['ManagedAccounts', 'requestor', ACCOUNT],
  ['Aliases', 'requestor', `AliasId AliasName AliasState MappedAccounts ${ACCOUNT}`],
  ['Aliases/1', 'requestor', `AliasId AliasName AliasState MappedAccounts ${ACCOUNT}`],
  [`ManagedAccounts/${PLAIN.accountId}`, 'account-management', PROVISIONED],
  [`ManagedSystems/${system}/ManagedAccounts`, 'account-management', PROVISIONED],
  ['ManagedSystems', 'system-management', SYSTEM],
  [`ManagedSystems/${system}`, 'system-management', SYSTEM],
  ['Workgroups/1/ManagedSystems', 'system-management', SYSTEM],
  [`Assets/${system}/ManagedSystems`, 'system-management', SYSTEM],
  ['Platforms', 'system-management', PLATFORM],
  ['Platforms/47', 'system-management', PLATFORM],
  ['EntityTypes', null, 'EntityTypeID Name Description'],
  ['Workgroups', 'asset-management', WORKGROUP],
  ['Workgroups/2', 'asset-management', WORKGROUP],
  ['Workgroups/1/Assets', 'asset-management', ASSET],
  [`Assets/${system}`, 'asset-management', ASSET],
  ['Organizations', null, 'OrganizationID Name IsActive'],
  ['Users', 'user-management', USER],
  ['Users/2', 'user-management', USER],
  ['UserGroups', 'user-management', GROUP],
  ['UserGroups/1', 'user-management', GROUP],
  ['UserGroups/2/Users', 'user-management', USER],
  ['UserGroups/2/SmartRules', 'user-management', `${RULE} AccessLevelID`],
  ['UserGroups/2/SmartRules/1/Roles', 'role-management', 'RoleID Name'],
  ['Roles', 'role-management', 'RoleID Name'],
  ['SmartRules', 'account-management', RULE],
  ['SmartRules/1', 'account-management', RULE],
  ['AccessPolicies', 'role-management', 'AccessPolicyID Name Description Schedules'],
  [
    'AccessPolicies/1/Assignees',
    'role-management',
    `RoleID RoleName UserGroupID UserGroupName UserGroupIsActive SmartRuleID SmartRuleTitle SmartRuleIsActive`,
  ],
  ['TicketSystems', 'configuration-management', 'TicketSystemID IsActive TicketSystemName Description IsDefaultSystem'],
  ['Configuration/Version', null, 'Version'],
  ['PasswordRules', null, PASSWORD_RULE],
  ['PasswordRules/0', null, PASSWORD_RULE],
  ['DSSKeyRules', null, KEY_RULE],
  ['DSSKeyRules/0', null, KEY_RULE],
  ['Secrets-Safe/Folders', 'secrets-safe', FOLDER],
  ['Secrets-Safe/Safes', 'secrets-safe', 'Id Name Description'],
  [`Secrets-Safe/Secrets/${SECRET.secretId}?version=3.2`, 'secrets-safe', SECRET_3_2],
  [`Secrets-Safe/Secrets/${FILE.secretId}/File?version=3.2`, 'secrets-safe', SECRET_3_2],
];

describe('a read', () => {
  test.each(READS)('%s needs the role %s, and shows every field', async (path, role, fields) => {
    const others = ROLES.filter(
      (one) => one !== role && one !== 'administrator' && !(role === 'requestor' && one === 'isa'),
    );
    const site = await siteFor(role === null ? [] : [role], role === null ? [] : others);
    expect((await (await site.signIn(APPROVER)).get(path)).status).toBe(role === null ? 200 : 403);
    const found = await read(await site.signIn(), path);
    expect(Object.keys([found].flat()[0]).toSorted()).toEqual(words(fields));
  });

  test('of functional accounts needs one of two roles', async () => {
    for (const role of ['account-management', 'configuration-management'] as const) {
      const caller = await (await siteFor([role])).signIn();
      const account = await read(caller, 'FunctionalAccounts/1');
      expect(await read(caller, 'FunctionalAccounts')).toEqual([account]);
      expect(Object.keys(account).toSorted()).toEqual(words(FUNCTIONAL_ACCOUNT));
    }
    expect((await (await (await siteFor(['requestor'])).signIn()).get('FunctionalAccounts')).status).toBe(403);
  });

  test.each([
    'PasswordRules/1',
    'FunctionalAccounts/0',
    'ManagedSystems/77',
    'ManagedSystems/77/ManagedAccounts',
    'ManagedAccounts/77',
    'Platforms/77',
    'Workgroups/9',
    'Workgroups/9/Assets',
    'Workgroups?name=none',
    'Assets/77',
    'Users/77',
    'Users?username=none',
    'UserGroups/77',
    'UserGroups/77/Users',
    'UserGroups/1/SmartRules/2/Roles',
    'SmartRules/2',
    'AccessPolicies/77/Assignees',
    'Aliases/77',
    'Secrets-Safe/Folders/00000000-0000-4000-8000-000000000000',
    'Secrets-Safe/Safes/00000000-0000-4000-8000-000000000000',
  ])('%s returns 404', async (path) => {
    expect((await (await (await siteFor(ROLES)).signIn()).get(path)).status).toBe(404);
  });

  test('of the fields of a request returns all of them', async () => {
    const caller = await (await siteFor(ROLES)).signIn();
    await caller.post('Requests', requestFor(PLAIN));
    const [row] = await read(caller, 'Requests');
    expect(Object.keys(row).toSorted()).toEqual(
      words(`RequestID SystemID SystemName AccountID AccountName DomainName AliasID ApplicationID RequestReleaseDate
        ApprovedDate CanceledDate ExpiresDate Status AccessType Reason ManagedSystemName APIOnlyAccess RequestorUserID
        RequestorName TotpEnabled TotpParameters`),
    );
  });
});

describe('managed systems and their accounts', () => {
  test('cover the fleet, and have the ids that requests take', async () => {
    const caller = await (await siteFor(ROLES)).signIn();
    const systems: { ManagedSystemID: number; SystemName: string }[] = await read(caller, 'ManagedSystems');
    expect(new Set(systems.map(({ SystemName }) => SystemName))).toEqual(new Set(FLEET.map((row) => row.systemName)));
    const lists = await Promise.all(
      systems.map((one) => read(caller, `ManagedSystems/${one.ManagedSystemID}/ManagedAccounts`)),
    );
    const pairs = lists.flat().map((row) => [row.ManagedSystemID, row.ManagedAccountID]);
    expect(new Set(pairs.map(String))).toEqual(new Set(FLEET.map((row) => `${row.systemId},${row.accountId}`)));
    const [plain] = await read(caller, `ManagedSystems/${PLAIN.systemId}/ManagedAccounts`);
    expect(JSON.stringify(lists)).not.toContain('canary');
    expect(
      (await caller.post('AccessPolicies/Test', requestFor({ ...PLAIN, accountId: plain.ManagedAccountID }))).status,
    ).toBe(200);
  });

  test.each([
    ['ManagedSystems?limit=2&offset=1', (all: object[]) => ({ TotalCount: all.length, Data: all.slice(1, 3) })],
    ['ManagedSystems?limit=100000', (all: object[]) => ({ TotalCount: all.length, Data: all })],
    ['ManagedSystems?offset=3', (all: object[]) => all],
    [
      'ManagedSystems?name=WEB-0001',
      (all: object[]) => all.find((row) => 'SystemName' in row && row.SystemName === 'web-0001'),
    ],
    ['ManagedSystems?type=3', (all: object[]) => all.filter((row) => 'EntityTypeID' in row && row.EntityTypeID === 3)],
  ])('%s is paged, counted and filtered as documented', async (path, expected) => {
    const caller = await (await siteFor(ROLES)).signIn();
    expect(await read(caller, path)).toEqual(expected(await read(caller, 'ManagedSystems')));
  });

  test('of one system are paged as an array, or counted', async () => {
    const site = await siteFor(ROLES);
    const caller = await site.signIn();
    const path = `ManagedSystems/${PLAIN.systemId}/ManagedAccounts`;
    const all = await read(caller, path);
    expect(await read(caller, `${path}?limit=2&offset=1`)).toEqual(all.slice(1, 3));
    expect(await read(caller, `${path}?name=${PLAIN.accountName.toUpperCase()}`)).toMatchObject({
      ManagedAccountID: PLAIN.accountId,
    });
    site.simulator.switches.accountList = 'counted';
    expect(await read(caller, path)).toEqual(all);
    expect(await read(caller, `${path}?limit=100000`)).toEqual({ TotalCount: all.length, Data: all });
  });

  test('show changes of a credential', async () => {
    const site = await siteFor(ROLES);
    const caller = await site.signIn();
    const before = await read(caller, `ManagedAccounts/${PLAIN.accountId}`);
    site.pass(MINUTE_MS);
    site.simulator.changeCredential(PLAIN.accountId);
    const after = await read(caller, `ManagedAccounts/${PLAIN.accountId}`);
    expect(after).toEqual({ ...before, LastChangeDate: '2026-03-01T12:01:00' });
  });
});

test('groups connect users, roles and access policies', async () => {
  const caller = await (await siteFor(['requestor', 'isa', 'user-management', 'role-management'])).signIn();
  const users = await read(caller, 'Users?includeInactive=true');
  expect(users).toMatchObject([
    { UserName: 'pam-relay', UserType: 'Application', ClientID: APPLICATION.oauth.clientId, ClientSecret: null },
    { UserName: 'CORP\\alice', UserType: 'ActiveDirectory', DomainName: 'CORP', ClientID: null },
  ]);
  expect(await read(caller, 'Users?username=PAM-RELAY')).toEqual(users[0]);
  expect(await read(caller, 'UserGroups?name=approvers')).toMatchObject({ GroupID: 2 });
  expect(await read(caller, 'UserGroups/2/Users')).toEqual([users[1]]);
  expect(await read(caller, 'UserGroups/1/SmartRules/1/Roles')).toMatchObject([{ Name: 'Requestor' }, { RoleID: 4 }]);
  const assignees = await read(caller, 'AccessPolicies/2/Assignees');
  expect(assignees).toMatchObject([
    { RoleName: 'Requestor', UserGroupName: 'Applications' },
    { RoleID: 3, UserGroupName: 'Approvers' },
  ]);
});

describe('folders of Secrets Safe', () => {
  const ALL = ['Team A', 'Apps', 'Team B', 'Apps', 'Files', 'EU/US', 'Team C', 'Bulk'];

  test.each([
    ['', ALL],
    ['?limit=2&offset=1', ['Apps', 'Team B']],
    ['?RootOnly=true', ['Team A', 'Team B', 'Team C']],
    ['?IncludeSubfolders=false', ['Team A', 'Team B', 'Team C']],
    ['?FolderPath=team%20b', ['Team B', 'Apps']],
    ['?FolderPath=Team%20B&IncludeSubfolders=False', ['Team B']],
    ['?FolderPath=Team%20B/Apps', ['Apps']],
    ['?FolderPath=Team%20X', []],
    ['?FolderName=TEAM', ALL],
    ['?FolderName=app', ['Apps', 'Apps']],
    ['?FolderName=eam%20b', ['Team B', 'Apps']],
    ['?FolderName=team&IncludeSubfolders=false', ['Team A', 'Team B', 'Team C']],
    ['?FolderOwnerId=1', ALL],
    ['?FolderOwnerId=2', []],
  ])('%s selects %j', async (query, names) => {
    const caller = await (await siteFor(ROLES)).signIn();
    const rows: { Name: string }[] = await read(caller, `Secrets-Safe/Folders${query}`);
    expect(rows.map(({ Name }) => Name)).toEqual(names);
  });

  test('can match names alone, and are read by id with their secrets', async () => {
    const site = await siteFor(ROLES);
    site.simulator.switches.folderNameMatches = 'alone';
    const caller = await site.signIn();
    const [teamB, ...others] = await read(caller, 'Secrets-Safe/Folders?FolderName=team%20b');
    expect(others).toEqual([]);
    const [, apps] = await read(caller, 'Secrets-Safe/Folders?FolderPath=Team%20B');
    expect(await read(caller, `Secrets-Safe/Folders/${apps.Id}`)).toEqual(apps);
    expect(apps.ParentId).toBe(teamB.Id);
    expect(await read(caller, `Secrets-Safe/Safes/${teamB.Id}`)).toEqual({
      Id: teamB.Id,
      Name: 'Team B',
      Description: '',
    });
    expect((await caller.get(`Secrets-Safe/Safes/${apps.Id}`)).status).toBe(404);
    expect(await read(caller, `Secrets-Safe/Folders/${apps.Id}/Secrets`)).toMatchObject([
      { Title: 'api', Folder: 'Apps' },
    ]);
  });

  test.each(['limit=0', 'offset=-1', 'RootOnly=maybe', `FolderName=${'x'.repeat(257)}`])(
    '%s is refused',
    async (query) => {
      const caller = await (await siteFor(ROLES)).signIn();
      expect((await caller.get(`Secrets-Safe/Folders?${query}`)).status).toBe(400);
    },
  );
});

import { type AccountState, CHANGE_STATE } from '../account-state.ts';
import { merged } from '../fields.ts';
import { withOddFields } from '../paging.ts';
import { formatDate, json, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import { hasRole } from '../users.ts';
import { collection } from './collections.ts';

/** The row of an account in the provisioning API, which spells ids differently. Never contains a credential. */
export const managedAccountRow = (site: Site, account: AccountState) => {
  site.requests.settle(account);
  const { row } = account;
  const changeState = account.changeState(site.now());
  const parent = account.synced.find((one, index) => index === 0 && one !== account);
  const fields = {
    ManagedAccountID: row.accountId,
    ManagedSystemID: row.systemId,
    DomainName: row.domainName,
    AccountName: row.accountName,
    DistinguishedName: null,
    PasswordFallbackFlag: false,
    UserPrincipalName: row.userPrincipalName,
    SAMAccountName: row.domainName === null ? null : row.accountName,
    LoginAccountFlag: false,
    Description: row.description,
    PasswordRuleID: 0,
    ApiEnabled: row.kind !== 'not-requestable',
    ReleaseNotificationEmail: null,
    ...NO_EFFECTS,
    ReleaseDuration: row.defaultReleaseMinutes,
    MaxReleaseDuration: row.maximumReleaseMinutes,
    ISAReleaseDuration: row.defaultReleaseMinutes,
    MaxConcurrentRequests: row.maxConcurrentRequests,
    AutoManagementFlag: true,
    DSSAutoManagementFlag: row.dssKey !== null,
    CheckPasswordFlag: false,
    ResetPasswordOnMismatchFlag: false,
    ChangePasswordAfterAnyReleaseFlag: row.changesAfterRelease,
    ChangeFrequencyType: 'first',
    ChangeFrequencyDays: null,
    ChangeTime: '23:30',
    ParentAccountID: parent?.row.accountId ?? null,
    IsSubscribedAccount: parent !== undefined,
    LastChangeDate: formatDate(account.shownChangeDate(site.now()), site.switches.dateFormat),
    NextChangeDate: null,
    IsChanging: changeState !== CHANGE_STATE.idle,
    ChangeState: changeState,
    UseOwnCredentials: false,
    WorkgroupID: site.workgroups.idOf(row.workgroup),
    ObjectID: null,
  };
  return withOddFields(site.switches, `managed account ${row.accountId}`, merged(fields, settingsOfRow(account)));
};

/** Settings that a caller gave, under which the fleet has values of its own. */
const settingsOfRow = ({ createdAt, settings }: AccountState): Readonly<Record<string, unknown>> => ({
  ...(createdAt === null ? {} : CREATED_DEFAULTS),
  ...settings,
});

/** Defaults of the API where they differ from the accounts of the fleet. */
const CREATED_DEFAULTS = {
  SAMAccountName: null,
  AutoManagementFlag: false,
  ISAReleaseDuration: 120,
} as const;

/** Effects of a change of the credential on Windows systems: none. */
const NO_EFFECTS = {
  ChangeServicesFlag: false,
  RestartServicesFlag: false,
  ChangeTasksFlag: false,
  ChangeIISAppPoolFlag: false,
  RestartIISAppPoolFlag: false,
  ChangeWindowsAutoLogonFlag: false,
  ChangeComPlusFlag: false,
  ChangeDComFlag: false,
  ChangeSComFlag: false,
} as const;

/** Requestors lack this permission. They use the list. */
const readManagedAccount: Endpoint = {
  method: 'GET',
  template: 'ManagedAccounts/{id}',
  kind: 'other',
  subject: (_site, { ids: [accountId] }) => ({ accountId }),
  handle: (site, { ids: [accountId = 0] }, session) => {
    if (!hasRole(session.user, 'account-management')) return refusal(403, 'Permission denied.');
    const account = site.accounts.byId(accountId);
    return account === undefined
      ? refusal(404, 'Managed Account not found')
      : json(200, managedAccountRow(site, account));
  },
};

const inRule = (template: string, called: string) =>
  collection({
    template,
    roles: ['account-management'],
    called,
    rows: (site, { ids: [id = 0] }) => {
      const rule = site.rules.byId(id);
      if (rule === undefined) return undefined;
      const covered = site.accounts.all.filter((account) => site.rules.covers(rule, account));
      return covered.map((account) => managedAccountRow(site, account));
    },
    paging: (site) => site.switches.accountList,
  });

export const managedAccountEndpoints: readonly Endpoint[] = [
  readManagedAccount,
  collection({
    template: 'ManagedSystems/{id}/ManagedAccounts',
    roles: ['account-management'],
    called: 'Managed Account',
    rows: (site, { ids: [systemId = 0] }) =>
      site.systems.byId(systemId) &&
      site.accounts.ofSystem(systemId).map((account) => managedAccountRow(site, account)),
    lookUp: { parameter: 'name', text: (row: { AccountName: string }) => row.AccountName },
    paging: (site) => site.switches.accountList,
  }),
  inRule('SmartRules/{id}/ManagedAccounts', 'Smart Rule'),
  inRule('QuickRules/{id}/ManagedAccounts', 'Quick Rule'),
];

import { formatDate, json, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import { type AccountState, CHANGE_STATE } from '../state.ts';
import { hasRole } from '../users.ts';

/** The row of an account in the provisioning API, which spells ids differently. Never contains a credential. */
const managedAccountRow = (site: Site, account: AccountState) => {
  site.requests.settle(account);
  const { row } = account;
  const changeState = account.changeState(site.now());
  return {
    ManagedAccountID: row.accountId,
    ManagedSystemID: row.systemId,
    AccountName: row.accountName,
    DomainName: row.domainName,
    UserPrincipalName: row.userPrincipalName,
    Description: row.description,
    DSSAutoManagementFlag: row.credentialShape === 'key',
    ApiEnabled: row.kind !== 'not-requestable',
    ReleaseDuration: row.defaultReleaseMinutes,
    MaxReleaseDuration: row.maximumReleaseMinutes,
    ISAReleaseDuration: row.defaultReleaseMinutes,
    MaxConcurrentRequests: row.maxConcurrentRequests,
    AutoManagementFlag: true,
    ChangePasswordAfterAnyReleaseFlag: row.changesAfterRelease,
    ParentAccountID: null,
    IsSubscribedAccount: false,
    LastChangeDate: formatDate(account.lastChangedAt, site.switches.dateFormat),
    NextChangeDate: null,
    IsChanging: changeState !== CHANGE_STATE.idle,
    ChangeState: changeState,
  };
};

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

export const managedAccountEndpoints: readonly Endpoint[] = [readManagedAccount];

import type { AccountState } from './account-state.ts';
import type { Asset } from './assets.ts';
import type { FleetAccount } from './fleet.ts';
import type { FunctionalAccount } from './functional-accounts.ts';
import type { UserGroup } from './groups.ts';
import type { Rule } from './rules.ts';
import type { Site } from './site.ts';
import type { ManagedSystem } from './systems.ts';
import type { Workgroup } from './workgroups.ts';

/** An account with internal state of the site. */
export interface AccountView extends FleetAccount {
  readonly changeState: number;
}

/** Views of the site's objects, each as of now. */
export interface Contents {
  workgroups(): readonly Workgroup[];
  assets(): readonly Asset[];
  systems(): readonly ManagedSystem[];
  managedAccounts(): readonly AccountView[];
  functionalAccounts(): readonly FunctionalAccount[];
  rules(): readonly Rule[];
  groups(): readonly UserGroup[];
}

export const viewOf = (site: Site, account: AccountState): AccountView => {
  site.requests.settle(account);
  const { credential, canary, lastChangedAt } = account;
  return { ...account.row, credential, canary, lastChangedAt, changeState: account.changeState(site.now()) };
};

export const contentsOf = (site: Site): Contents => ({
  workgroups: () => site.workgroups.all,
  assets: () => site.assets.all(),
  systems: () => site.systems.all(),
  managedAccounts: () => site.accounts.all.map((account) => viewOf(site, account)),
  functionalAccounts: () => site.functionalAccounts.all(),
  rules: () => site.rules.all(),
  groups: () => site.groups.all(),
});

import type { AccountState } from '../account-state.ts';
import type { Site } from '../site.ts';
import type { ManagedSystem } from '../systems.ts';

/** Deletes an account, ends its requests, and takes it out of all rules. */
export const removeAccount = (site: Site, account: AccountState): void => {
  for (const request of site.requests.allOpen()) if (request.account === account) site.requests.end(request);
  site.accounts.remove(account);
  site.rules.forget('ManagedAccount', account.row.accountId);
};

/** Deletes a system with its accounts. */
export const removeSystem = (site: Site, { ManagedSystemID }: ManagedSystem): void => {
  for (const account of site.accounts.ofSystem(ManagedSystemID)) removeAccount(site, account);
  site.systems.remove(ManagedSystemID);
  site.rules.forget('ManagedSystem', ManagedSystemID);
};

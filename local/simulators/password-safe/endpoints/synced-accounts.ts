import type { AccountState } from '../account-state.ts';
import type { Call } from '../calls.ts';
import { empty, json, type Reply, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import { change, collection } from './collections.ts';
import { managedAccountRow } from './managed-accounts.ts';

const ROLES = ['account-management'] as const;
const PATH = 'ManagedAccounts/{id}/SyncedAccounts';

/** Accounts of a set without its parent. None for an account that is no parent. */
const subscribersOf = (account: AccountState): readonly AccountState[] =>
  account.synced[0] === account ? account.synced.slice(1) : [];

const isSubscribed = (account: AccountState): boolean => account.synced.length > 0 && account.synced[0] !== account;

const accountsIn = ({ accounts }: Site, { ids: [parentId = 0, syncedId = 0] }: Call) =>
  [accounts.byId(parentId), accounts.byId(syncedId)] as const;

const subscribe = (site: Site, call: Call): Reply => {
  const [parent, account] = accountsIn(site, call);
  if (parent === undefined || account === undefined) return refusal(404, 'Managed Account not found');
  if (parent === account || isSubscribed(parent)) return refusal(400, 'The parent account is subscribed itself.');
  if (subscribersOf(account).length > 0) return refusal(400, 'The account is a parent of other accounts.');
  site.accounts.subscribe(parent, account);
  return json(201, managedAccountRow(site, account));
};

const unsubscribe = (site: Site, call: Call): Reply => {
  const [parent, account] = accountsIn(site, call);
  if (parent === undefined || account === undefined) return refusal(404, 'Managed Account not found');
  if (!subscribersOf(parent).includes(account)) return refusal(404, 'Synced Account not found');
  site.accounts.unsubscribe(account);
  return empty(200);
};

/** Accounts whose credentials change together with that of their parent. */
export const syncedAccountEndpoints: readonly Endpoint[] = [
  collection({
    template: PATH,
    roles: ROLES,
    called: 'Managed Account',
    rows: (site, { ids: [id = 0] }) => {
      const account = site.accounts.byId(id);
      return account && subscribersOf(account).map((one) => managedAccountRow(site, one));
    },
  }),
  change({ method: 'POST', template: `${PATH}/{id}`, roles: ROLES, handle: subscribe }),
  change({ method: 'DELETE', template: `${PATH}/{id}`, roles: ROLES, handle: unsubscribe }),
];

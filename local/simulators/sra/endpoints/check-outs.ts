import type { Reply } from '../../common/replies.ts';
import { TYPE_RULES } from '../account-types.ts';
import { done, empty, json, notFound, unable } from '../replies.ts';
import { credentialRow } from '../rows.ts';
import type { ApiEndpoint, Caller, Site } from '../site.ts';
import type { VaultAccount } from '../vault-account.ts';
import { managesVault, VAULT } from './vault-accounts.ts';

type Act = (site: Site, account: VaultAccount, caller: Caller) => Reply;

const checkOut: Act = ({ vault, switches }, account, { performer }) => {
  const credential = credentialRow(account, switches);
  if (credential === null) return unable('This account cannot be checked out.');
  return vault.checkOut(account, performer) ? json(200, credential) : unable(switches.heldMessage);
};

const checkIn: Act = ({ vault, switches }, account, { performer }) =>
  vault.checkIn(account, performer) ? done(switches) : unable('This account is not checked out.');

const forceCheckIn: Act = ({ vault, switches }, account, { performer }) => {
  if (!TYPE_RULES[account.type].canForceCheckIn) return unable('This account cannot be checked in by force.');
  const isEnded = vault.forceCheckIn(account, performer);
  return isEnded || switches.idleForceCheckIn === 200 ? done(switches) : unable('This account is not checked out.');
};

const rotate: Act = ({ vault, switches }, account, { performer }) => {
  if (!TYPE_RULES[account.type].canRotate) return unable('This account cannot be rotated.');
  vault.rotate(account, performer);
  return done(switches);
};

/** Bodies are ignored, because clients in use send the whole account. Personal accounts refuse every write. */
const action = (name: string, kind: 'checkOut' | 'checkIn' | 'forceCheckIn' | 'rotate', act: Act): ApiEndpoint => ({
  method: 'POST',
  template: `${VAULT}/account/{id}/${name}`,
  kind,
  isPermitted: managesVault,
  parameters: [],
  handle(site, _call, caller, id) {
    const account = site.vault.accounts.get(id);
    if (account === undefined) return notFound();
    return account.isPersonal ? empty(403) : act(site, account, caller);
  },
});

export const checkOutEndpoints: readonly ApiEndpoint[] = [
  action('check-out', 'checkOut', checkOut),
  action('check-in', 'checkIn', checkIn),
  action('force-check-in', 'forceCheckIn', forceCheckIn),
  action('rotate', 'rotate', rotate),
];

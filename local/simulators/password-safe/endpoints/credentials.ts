import * as z from 'zod';
import type { AccountState } from '../account-state.ts';
import { type Call, flag, integer, readFields, reasonText } from '../calls.ts';
import { empty, forbidden, json, type Reply, refusal } from '../replies.ts';
import type { AccessRequest } from '../requests.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site } from '../site.ts';
import { hasFullControl, hasRole } from '../users.ts';
import { bodySubject, findRequestable, minutes } from './opening.ts';
import { RELEASE_GONE, requestSubject } from './requests.ts';

type Part = 'password' | 'dsskey' | 'passphrase';

/** Reads the requested part of a credential. Accounts can lack a key, and keys can lack a passphrase. */
export const readPart = (
  account: AccountState,
  call: Call,
): { readonly type: Part; readonly text: string } | { readonly refused: Reply } => {
  const type = call.query.get('type')?.toLowerCase() ?? 'password';
  if (type === 'password' && account.credential === '') return { refused: refusal(404, 'No password was found') };
  if (type === 'password') return { type, text: account.credential };
  if (type !== 'dsskey' && type !== 'passphrase') {
    return { refused: refusal(400, 'The credential type is invalid.') };
  }
  const text = type === 'dsskey' ? account.dssKey : account.passphrase;
  return text === undefined ? { refused: refusal(404, `No ${type} was found`) } : { type, text };
};

/** Returns the requested part of a credential as a JSON string. */
const readCredential = (account: AccountState, call: Call, status: 200 | 201): Reply => {
  const part = readPart(account, call);
  return 'refused' in part ? part.refused : json(status, part.text);
};

/** Finds the user's own active request, whose credential can be read. */
export const findRelease = (
  site: Site,
  requestId: number,
  { user }: Session,
): { readonly request: AccessRequest } | { readonly refused: Reply } => {
  const request = site.requests.find(requestId);
  if (request === undefined) return { refused: refusal(404, 'Request not found') };
  if (request.user.userName !== user.userName) return { refused: forbidden(4031, site.switches) };
  if (request.status === 'ended') return { refused: refusal(404, RELEASE_GONE) };
  if (request.status === 'pending') return { refused: forbidden(4034, site.switches) };
  if (request.accessType !== 'View') return { refused: refusal(403, 'The request is not for access type View.') };
  return { request };
};

const credentials: Endpoint = {
  method: 'GET',
  template: 'Credentials/{id}',
  kind: 'credential',
  subject: requestSubject,
  handle: (site, call, session) => {
    const release = findRelease(site, call.ids[0] ?? 0, session);
    return 'refused' in release ? release.refused : readCredential(release.request.account, call, 200);
  },
};

const isaRequest = z.object({
  systemid: integer,
  accountid: integer,
  durationminutes: minutes.default(120),
  reason: reasonText,
});

/** An ISA release has no request: it is not listed, not checked in, and conflicts with nothing. */
const isaRequests: Endpoint = {
  method: 'POST',
  template: 'ISARequests',
  kind: 'credential',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: (site, call, session) => {
    const read = readFields(call, isaRequest);
    if ('invalid' in read) return read.invalid;
    const account = findRequestable(site, session.user, read.fields)?.account;
    if (!hasRole(session.user, 'isa') || account?.row.isaAccess !== true) return forbidden(4031, site.switches);
    site.requests.settle(account);
    if (account.row.changesAfterRelease) {
      account.scheduleChange(site.now() + read.fields.durationminutes * 60_000);
    }
    return readCredential(account, call, 201);
  },
};

/** Response of a failed change: the log of the platform plug-in, which ends with the reason. */
const PLUGIN_LOG = [
  ...Array.from({ length: 12 }, (_, line) => `${line + 1}: platform plug-in: opening a channel to the managed system`),
  'The password could not be changed: another change is running.',
].join('\r\n');

const changeFields = z.object({
  queue: flag.default(false),
  updatesystem: flag.default(true),
  password: z.string().max(1000).optional(),
});

/** True if the vault can sign in to the system of the account to change it there. */
const isManaged = ({ systems }: Site, { row }: AccountState): boolean =>
  typeof systems.byId(row.systemId)?.FunctionalAccountID === 'number';

const NOT_MANAGED = 'The Managed System has no functional account, so the password cannot be changed.';
const CHANGE_FAILED = 'The password could not be changed: the functional account was refused.';
const LOGIN_REFUSED = 'The password could not be changed: the login account was refused.';
const UNREACHABLE = 'The password could not be changed: the managed system could not be reached.';

/** True if the system of an account refuses the other account with which the vault logs on there. */
const refusesLogin = ({ accounts, systems }: Site, account: AccountState): boolean => {
  const login = accounts.byId(systems.byId(account.row.systemId)?.LoginAccountID ?? 0);
  return login !== undefined && login !== account && !login.target.behaviour.acceptsCredential;
};

/** Reason why an immediate change fails. Undefined if it does not. */
const failureOf = (site: Site, account: AccountState): string | undefined => {
  const { switches } = site;
  const { target } = account;
  if (switches.changeResult === 'fails') return CHANGE_FAILED;
  if (refusesLogin(site, account)) return LOGIN_REFUSED;
  return target.behaviour.isReachable ? undefined : UNREACHABLE;
};

/** True if the change of a key account leaves the key. */
const leavesKey = ({ switches, systems }: Site, { row }: AccountState): boolean =>
  switches.keyRuleZero === 'leaves-key' && systems.byId(row.systemId)?.DSSKeyRuleID === 0;

const changeCredential: Endpoint = {
  method: 'POST',
  template: 'ManagedAccounts/{id}/Credentials/Change',
  kind: 'other',
  readsBody: true,
  subject: (_site, { ids: [accountId] }) => ({ accountId }),
  handle: (site, call, session) => {
    if (!hasFullControl(session.user, 'account-management')) return refusal(403, 'Permission denied.');
    const read = readFields(call, changeFields);
    if ('invalid' in read) return read.invalid;
    const account = site.accounts.byId(call.ids[0] ?? 0);
    if (account === undefined) return refusal(404, 'Managed Account not found');
    if (account.row.kind === 'changing') return refusal(400, PLUGIN_LOG);
    site.requests.settle(account);
    const { queue, updatesystem, password } = read.fields;
    if (updatesystem && !isManaged(site, account)) return refusal(400, NOT_MANAGED);
    const failure = updatesystem ? failureOf(site, account) : undefined;
    const isQueued = queue && (site.switches.queuedChange === 'always' || failure !== undefined);
    if (failure !== undefined && !isQueued) {
      account.repeatChange(site.now());
      return refusal(400, failure);
    }
    account.keepsKey = leavesKey(site, account);
    if (password !== undefined) account.store({ password }, site.now());
    else if (isQueued) account.scheduleChange(site.now());
    else account.changeOnTarget(site.now());
    return empty(204);
  },
};

export const credentialEndpoints: readonly Endpoint[] = [credentials, isaRequests, changeCredential];

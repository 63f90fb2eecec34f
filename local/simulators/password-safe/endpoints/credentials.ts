import * as z from 'zod';
import { type Call, flag, integer, readFields, reasonText } from '../calls.ts';
import { empty, forbidden, json, type Reply, refusal } from '../replies.ts';
import type { Endpoint } from '../site.ts';
import type { AccountState } from '../state.ts';
import { hasRole } from '../users.ts';
import { bodySubject, findRequestable, minutes } from './opening.ts';
import { RELEASE_GONE, requestSubject } from './requests.ts';

/** The credential of the asked type as a JSON string; a key is what accounts with a key have for a password. */
const readCredential = (account: AccountState, call: Call, status: 200 | 201): Reply => {
  const type = call.query.get('type')?.toLowerCase() ?? 'password';
  if (type === 'password') return json(status, account.credential);
  if (type !== 'dsskey' && type !== 'passphrase') return refusal(400, 'The credential type is invalid.');
  if (account.row.credentialShape !== 'key') return refusal(404, 'DSS key not found');
  return json(status, type === 'dsskey' ? account.credential : account.passphrase);
};

const credentials: Endpoint = {
  method: 'GET',
  template: 'Credentials/{id}',
  kind: 'credential',
  subject: requestSubject,
  handle: (site, call, session) => {
    const request = site.requests.find(call.ids[0] ?? 0);
    if (request === undefined) return refusal(404, 'Request not found');
    if (request.user.userName !== session.user.userName) return forbidden(4031, site.switches);
    if (request.status === 'ended') return refusal(404, RELEASE_GONE);
    if (request.status === 'pending') return forbidden(4034, site.switches);
    if (request.accessType !== 'View') return refusal(403, 'The request is not for access type View.');
    return readCredential(request.account, call, 200);
  },
};

const isaRequest = z.object({
  systemid: integer,
  accountid: integer,
  durationminutes: minutes.default(120),
  reason: reasonText,
});

/** An ISA release has no request: it is not listed, not checked in, and in nobody's way. */
const isaRequests: Endpoint = {
  method: 'POST',
  template: 'ISARequests',
  kind: 'credential',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: (site, call, session) => {
    const read = readFields(call, isaRequest);
    if ('invalid' in read) return read.invalid;
    const account = findRequestable(site, read.fields);
    if (!hasRole(session.user, 'isa') || account?.row.isaAccess !== true) return forbidden(4031, site.switches);
    site.requests.settle(account);
    if (account.row.changesAfterRelease) {
      account.scheduleChange(site.now() + read.fields.durationminutes * 60_000);
    }
    return readCredential(account, call, 201);
  },
};

/** What a failed change answers: the log of the platform plug-in, with the reason at its end. */
const PLUGIN_LOG = [
  ...Array.from({ length: 12 }, (_, line) => `${line + 1}: platform plug-in: opening a channel to the managed system`),
  'The password could not be changed: another change is running.',
].join('\r\n');

const changeFields = z.object({ queue: flag.default(false) });

const changeCredential: Endpoint = {
  method: 'POST',
  template: 'ManagedAccounts/{id}/Credentials/Change',
  kind: 'other',
  readsBody: true,
  subject: (_site, { ids: [accountId] }) => ({ accountId }),
  handle: (site, call, session) => {
    if (!hasRole(session.user, 'account-management')) return refusal(403, 'Permission denied.');
    const read = readFields(call, changeFields);
    if ('invalid' in read) return read.invalid;
    const account = site.accounts.byId(call.ids[0] ?? 0);
    if (account === undefined) return refusal(404, 'Managed Account not found');
    if (account.row.kind === 'changing') return refusal(400, PLUGIN_LOG);
    site.requests.settle(account);
    if (read.fields.queue) account.scheduleChange(site.now());
    else account.change(site.now());
    return empty(204);
  },
};

export const credentialEndpoints: readonly Endpoint[] = [credentials, isaRequests, changeCredential];

import type { AliasState } from '../aliases.ts';
import { type Call, readFields } from '../calls.ts';
import { withOddFields } from '../paging.ts';
import { forbidden, json, type Reply, refusal } from '../replies.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site, Subject } from '../site.ts';
import { hasRole } from '../users.ts';
import { accountRow } from './accounts.ts';
import { findRelease, readPart } from './credentials.ts';
import { readWanted } from './opening.ts';
import { newRequest, open, RELEASE_GONE } from './requests.ts';

const aliasRow = (site: Site, session: Session, { alias, state, accounts, preferred }: AliasState) =>
  withOddFields(site.switches, `alias ${alias.aliasId}`, {
    AliasId: alias.aliasId,
    AliasName: alias.aliasName,
    AliasState: state,
    ...(preferred === undefined ? { SystemId: null, AccountId: null } : accountRow(site, session, preferred)),
    MappedAccounts: accounts.map((account) => ({
      AliasID: alias.aliasId,
      ManagedSystemID: account.row.systemId,
      ManagedAccountID: account.row.accountId,
      Status: account === preferred ? 'Active' : 'Standby',
    })),
  });

const listAliases: Endpoint = {
  method: 'GET',
  template: 'Aliases',
  kind: 'list',
  handle: (site, call, session) => {
    if (!hasRole(session.user, 'requestor')) return forbidden(4032, site.switches);
    const states = new Set((call.query.get('state') ?? '1,2').split(',').map(Number));
    const name = call.query.get('name')?.toLowerCase();
    const aliases = site.aliases.all().filter(({ state }) => states.has(state));
    if (name === undefined) {
      return json(
        200,
        aliases.map((alias) => aliasRow(site, session, alias)),
      );
    }
    const found = aliases.find(({ alias }) => alias.aliasName.toLowerCase() === name);
    return found === undefined ? refusal(404, 'Alias not found') : json(200, aliasRow(site, session, found));
  },
};

const aliasSubject = (site: Site, { ids: [aliasId = 0] }: Call): Subject => ({
  accountId: site.aliases.byId(aliasId)?.preferred?.row.accountId,
});

/** Finds the alias in the path, or returns a 404. */
const withAlias = <R extends Reply | Promise<Reply>>(
  site: Site,
  { ids: [aliasId = 0] }: Call,
  act: (alias: AliasState) => R,
): R | Reply => {
  const alias = site.aliases.byId(aliasId);
  return alias === undefined ? refusal(404, 'Alias not found') : act(alias);
};

const readAlias: Endpoint = {
  method: 'GET',
  template: 'Aliases/{id}',
  kind: 'list',
  subject: aliasSubject,
  handle: (site, call, session) => {
    if (!hasRole(session.user, 'requestor')) return forbidden(4032, site.switches);
    return withAlias(site, call, (alias) => json(200, aliasRow(site, session, alias)));
  },
};

const aliasRequest = newRequest.omit({ systemid: true, accountid: true, applicationid: true });

const openRequest: Endpoint = {
  method: 'POST',
  template: 'Aliases/{id}/Requests',
  kind: 'request',
  readsBody: true,
  subject: aliasSubject,
  handle: (site, call, session) =>
    withAlias(site, call, async ({ alias, preferred }) => {
      if (!hasRole(session.user, 'requestor')) return forbidden(4032, site.switches);
      const read = readFields(call, aliasRequest);
      if ('invalid' in read) return read.invalid;
      if (preferred === undefined) return refusal(400, 'The alias is not mapped to an account.');
      const { systemId: systemid, accountId: accountid } = preferred.row;
      const { fields } = read;
      const checked = await readWanted(site, session.user, { ...fields, systemid, accountid }, fields.accesstype);
      if ('refused' in checked) return checked.refused;
      const reply = open(site, checked.wanted, fields);
      if (reply.about?.requestId !== undefined) site.aliases.remember(reply.about.requestId, alias.aliasId);
      return reply;
    }),
};

const PROPERTIES = { password: 'Password', dsskey: 'PrivateKey', passphrase: 'Passphrase' } as const;

/** Reads the account for which the request was created, even if the alias now points at another one. */
const credentials: Endpoint = {
  method: 'GET',
  template: 'Aliases/{id}/Credentials/{id}',
  kind: 'credential',
  subject: (site, { ids: [, requestId = 0] }) => ({
    requestId,
    accountId: site.requests.find(requestId)?.account.row.accountId,
  }),
  handle: (site, call, session) =>
    withAlias(site, call, ({ alias, accounts }) => {
      const release = findRelease(site, call.ids[1] ?? 0, session);
      if ('refused' in release) return release.refused;
      const { account } = release.request;
      if (!accounts.includes(account)) return refusal(404, RELEASE_GONE);
      const part = readPart(account, call);
      if ('refused' in part) return part.refused;
      const { row } = account;
      return json(200, {
        AliasID: alias.aliasId,
        AliasName: alias.aliasName,
        SystemID: row.systemId,
        SystemName: row.systemName,
        AccountID: row.accountId,
        AccountName: row.accountName,
        DomainName: row.domainName,
        [PROPERTIES[part.type]]: part.text,
      });
    }),
};

export const aliasEndpoints: readonly Endpoint[] = [listAliases, readAlias, openRequest, credentials];

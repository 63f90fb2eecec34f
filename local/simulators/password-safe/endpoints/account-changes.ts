import * as z from 'zod';
import { type AccountBody, accountBody, contradictionIn, settingsOf } from '../account-settings.ts';
import type { AccountState, StoredKey } from '../account-state.ts';
import type { Call } from '../calls.ts';
import { flag } from '../calls.ts';
import { lenient, readBody, text } from '../fields.ts';
import { AUTO_APPROVED, type FleetAccount } from '../fleet.ts';
import { ENTITY_TYPES, PLATFORMS } from '../platforms.ts';
import { empty, json, type Reply, refusal } from '../replies.ts';
import type { Endpoint, Site, Subject } from '../site.ts';
import type { ManagedSystem } from '../systems.ts';
import type { Role } from '../users.ts';
import { change } from './collections.ts';
import { managedAccountRow } from './managed-accounts.ts';
import { removeAccount } from './removal.ts';

const ROLES: readonly Role[] = ['account-management'];

const TYPE_OF: Readonly<Record<number, FleetAccount['type']>> = {
  [ENTITY_TYPES.asset]: 'system',
  [ENTITY_TYPES.database]: 'database',
  [ENTITY_TYPES.directory]: 'domainlinked',
  [ENTITY_TYPES.cloud]: 'cloud',
};

const supportsKeys = ({ PlatformID }: ManagedSystem): boolean =>
  PLATFORMS.find(({ platformId }) => platformId === PlatformID)?.supportsKeys === true;

const isEncrypted = (privateKey: string): boolean => /ENCRYPTED/.test(privateKey);

/** The first rule that the fields of an account violate. */
const violationOf = (site: Site, system: ManagedSystem, body: AccountBody): string | undefined => {
  const { PrivateKey, Passphrase, DSSAutoManagementFlag, WorkgroupID, PasswordRuleID } = body;
  if ((PrivateKey !== undefined || DSSAutoManagementFlag) && !supportsKeys(system)) {
    return 'The platform does not support DSS keys.';
  }
  if (PrivateKey !== undefined && isEncrypted(PrivateKey) && Passphrase === undefined) {
    return 'The field Passphrase is required for an encrypted PrivateKey.';
  }
  if (WorkgroupID !== undefined && site.workgroups.byId(WorkgroupID) === undefined) {
    return 'The field WorkgroupID is invalid: there is no such workgroup.';
  }
  if ((PasswordRuleID ?? 0) !== 0) return 'The field PasswordRuleID is invalid: there is no such rule.';
  return contradictionIn(body);
};

/** The part of the settings that the other calls of the site read. */
const effectsOf = (site: Site, system: ManagedSystem, body: AccountBody): Partial<FleetAccount> => {
  const workgroup = site.workgroups.byId(body.WorkgroupID ?? system.WorkgroupID);
  return {
    ...(body.ApiEnabled === undefined ? {} : { kind: body.ApiEnabled ? 'plain' : 'not-requestable' }),
    ...(body.AccountName === undefined ? {} : { accountName: body.AccountName }),
    ...(body.DomainName === undefined ? {} : { domainName: body.DomainName }),
    ...(body.UserPrincipalName === undefined ? {} : { userPrincipalName: body.UserPrincipalName }),
    ...(body.Description === undefined ? {} : { description: body.Description }),
    ...(body.WorkgroupID === undefined || workgroup === undefined ? {} : { workgroup: workgroup.name }),
    ...(body.ReleaseDuration === undefined ? {} : { defaultReleaseMinutes: body.ReleaseDuration }),
    ...(body.MaxReleaseDuration === undefined ? {} : { maximumReleaseMinutes: body.MaxReleaseDuration }),
    ...(body.MaxConcurrentRequests === undefined ? {} : { maxConcurrentRequests: body.MaxConcurrentRequests }),
    ...(body.DSSAutoManagementFlag === undefined ? {} : { dssKey: body.DSSAutoManagementFlag ? 'openssh' : null }),
    ...(body.ChangePasswordAfterAnyReleaseFlag === undefined
      ? {}
      : { changesAfterRelease: body.ChangePasswordAfterAnyReleaseFlag }),
  };
};

const newRow = (site: Site, system: ManagedSystem): Omit<FleetAccount, 'accountId' | 'credential' | 'canary'> => ({
  kind: 'not-requestable',
  accountName: '',
  systemId: system.ManagedSystemID,
  systemName: system.SystemName,
  ipAddress: system.IPAddress,
  domainName: null,
  userPrincipalName: null,
  applicationId: null,
  applicationDisplayName: null,
  platformId: system.PlatformID,
  type: TYPE_OF[system.EntityTypeID] ?? 'system',
  workgroup: site.workgroups.byId(system.WorkgroupID)?.name ?? '',
  description: '',
  credentialShape: 'plain',
  dssKey: null,
  lastChangedAt: null,
  changesAfterRelease: false,
  defaultReleaseMinutes: system.ReleaseDuration,
  maximumReleaseMinutes: system.MaxReleaseDuration,
  maxConcurrentRequests: 1,
  isaAccess: true,
  policy: site.policies[0] ?? AUTO_APPROVED,
});

const keyOf = ({ PrivateKey, Passphrase }: Pick<AccountBody, 'PrivateKey' | 'Passphrase'>): StoredKey | undefined =>
  PrivateKey === undefined ? undefined : { privateKey: PrivateKey, passphrase: Passphrase };

const named = (site: Site, systemId: number, name: string): AccountState | undefined =>
  site.accounts.ofSystem(systemId).find(({ row }) => row.accountName.toLowerCase() === name.toLowerCase());

/** Stores what the caller sent. The site pushes the key of an account whose keys it manages, which takes a while. */
const applyCredentials = (site: Site, account: AccountState, body: AccountBody): void => {
  const key = keyOf(body);
  if (body.Password !== undefined || key !== undefined) account.store({ password: body.Password, key }, site.now());
  if (body.DSSAutoManagementFlag && body.Passphrase === undefined) {
    account.scheduleChange(site.now(), site.switches.keyPushMs);
  }
};

const createAccount = change({
  method: 'POST',
  template: 'ManagedSystems/{id}/ManagedAccounts',
  roles: ROLES,
  handle: (site, call) => {
    const system = site.systems.byId(call.ids[0] ?? 0);
    if (system === undefined) return refusal(404, 'Managed System not found');
    const read = readBody(call, accountBody);
    if ('refused' in read) return read.refused;
    const { body } = read;
    const { AccountName, AutoManagementFlag, Password, PrivateKey } = body;
    if (AccountName === undefined) return refusal(400, 'The field AccountName is required.');
    if (AutoManagementFlag !== true && Password === undefined && PrivateKey === undefined) {
      return refusal(400, 'The field Password is required if AutoManagementFlag is false.');
    }
    const violation = violationOf(site, system, body);
    if (violation !== undefined) return refusal(400, violation);
    if (named(site, system.ManagedSystemID, AccountName) !== undefined) {
      return refusal(site.switches.duplicate, 'Managed Account already exists');
    }
    const row = { ...newRow(site, system), ...effectsOf(site, system, body) };
    const account = site.accounts.add(row, site.now());
    account.settings = settingsOf(body);
    applyCredentials(site, account, body);
    return json(201, managedAccountRow(site, account));
  },
});

const subject = (_site: Site, { ids: [accountId] }: Call): Subject => ({ accountId });

const updateAccount = change({
  method: 'PUT',
  template: 'ManagedAccounts/{id}',
  roles: ROLES,
  subject,
  handle: (site, call) => {
    const account = site.accounts.byId(call.ids[0] ?? 0);
    const system = account && site.systems.byId(account.row.systemId);
    if (account === undefined || system === undefined) return refusal(404, 'Managed Account not found');
    const read = readBody(call, accountBody);
    if ('refused' in read) return read.refused;
    const { body } = read;
    const settings = { ...account.settings, ...settingsOf(body) };
    const violation = violationOf(site, system, { ...body, ...settings });
    if (violation !== undefined) return refusal(400, violation);
    const namesake = body.AccountName && named(site, system.ManagedSystemID, body.AccountName);
    if (namesake && namesake !== account) return refusal(site.switches.duplicate, 'Managed Account already exists');
    site.accounts.adjust(account, effectsOf(site, system, body));
    account.settings = settings;
    applyCredentials(site, account, { ...body, DSSAutoManagementFlag: false });
    return json(200, managedAccountRow(site, account));
  },
});

const deleteAccount = change({
  method: 'DELETE',
  template: 'ManagedAccounts/{id}',
  roles: ROLES,
  subject,
  handle: (site, { ids: [id = 0] }) => remove(site, site.accounts.byId(id)),
});

const remove = (site: Site, account: AccountState | undefined): Reply => {
  if (account === undefined) return refusal(404, 'Managed Account not found');
  removeAccount(site, account);
  return empty(200);
};

const deleteByName = change({
  method: 'DELETE',
  template: 'ManagedSystems/{id}/ManagedAccounts/{name}',
  roles: ROLES,
  handle: (site, { ids: [systemId = 0], segments: [, , , name = ''] }) => remove(site, named(site, systemId, name)),
});

const deleteAll = change({
  method: 'DELETE',
  template: 'ManagedSystems/{id}/ManagedAccounts',
  roles: ROLES,
  handle: (site, { ids: [systemId = 0] }) => {
    if (site.systems.byId(systemId) === undefined) return refusal(404, 'Managed System not found');
    for (const account of site.accounts.ofSystem(systemId)) removeAccount(site, account);
    return empty(200);
  },
});

const credentialBody = lenient({
  Password: text(1000),
  PublicKey: z.string().optional(),
  PrivateKey: z.string().optional(),
  Passphrase: z.string().optional(),
  UpdateSystem: flag.default(true),
});

const storeCredentials = change({
  method: 'PUT',
  template: 'ManagedAccounts/{id}/Credentials',
  roles: ROLES,
  subject,
  handle: (site, call) => {
    const account = site.accounts.byId(call.ids[0] ?? 0);
    if (account === undefined) return refusal(404, 'Managed Account not found');
    const read = readBody(call, credentialBody);
    if ('refused' in read) return read.refused;
    const key = keyOf(read.body);
    if (read.body.Password === undefined && key === undefined) {
      return refusal(400, 'The field Password or PrivateKey is required.');
    }
    account.store({ password: read.body.Password, key }, site.now());
    return empty(204);
  },
});

/** The test logs on to the system, so it fails like a change does. The answer for an unreachable one is unconfirmed. */
const testCredentials = change({
  method: 'POST',
  template: 'ManagedAccounts/{id}/Credentials/Test',
  roles: ROLES,
  subject,
  handle: (site, { ids: [id = 0] }) => {
    const account = site.accounts.byId(id);
    if (account === undefined) return refusal(404, 'Managed Account not found');
    if (!account.target.behaviour.isReachable) return refusal(400, 'The managed system could not be reached.');
    const isAccepted = account.target.logOn();
    return json(200, {
      Success: isAccepted && account.credential !== '' && site.switches.changeResult === 'succeeds',
    });
  },
});

/** Always queued. */
const changeSystem = change({
  method: 'POST',
  template: 'ManagedSystems/{id}/Credentials/Change',
  roles: ROLES,
  handle: (site, { ids: [id = 0] }) => {
    if (site.systems.byId(id) === undefined) return refusal(404, 'Managed System not found');
    for (const account of site.accounts.ofSystem(id)) account.scheduleChange(site.now());
    return empty(204);
  },
});

export const accountChangeEndpoints: readonly Endpoint[] = [
  createAccount,
  updateAccount,
  deleteAccount,
  deleteByName,
  deleteAll,
  storeCredentials,
  testCredentials,
  changeSystem,
];

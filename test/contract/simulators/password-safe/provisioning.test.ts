import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { PROVISIONER, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { type Answer, type Caller, MINUTE_MS, startSite } from './site.ts';

/** A user without roles of its own, who reads what its group may request. */
const READER = {
  userName: 'reader',
  roles: [],
  groups: ['Readers'],
  apiKey: { key: 'simulated3'.repeat(13).slice(0, 128) },
} as const satisfies SimulatedUser;

const HOUR_MS = 60 * MINUTE_MS;
const asJson = ({ text }: Answer) => JSON.parse(text);

const start = async (switches: PasswordSafeOptions['switches'] = {}) => {
  const site = await startSite({ users: [PROVISIONER, READER], switches });
  const caller = await site.signIn(PROVISIONER);
  const create = async (path: string, body: unknown) => {
    const answer = await caller.post(path, body);
    expect([path, answer.status, answer.status === 201 ? '' : answer.text]).toEqual([path, 201, '']);
    return asJson(answer);
  };
  return { site, caller, create, reader: await site.signIn(READER) };
};

const remove = async (caller: Caller, path: string) => (await caller.call('DELETE', path)).status;
const ASSET = { IPAddress: '10.9.9.9', AssetName: 'new-1' };
const SYSTEM = { PlatformID: 2, Port: 22, AutoManagementFlag: true, FunctionalAccountID: 1 };
const ACCOUNT = { AccountName: 'svc', Password: 'Aa1!first', ApiEnabled: true };

/** As a provider sends it: every field, without a version, with empty texts and zeros for what it does not know. */
const EVERY_FIELD = {
  ...{ AccountName: 'every', Password: 'Aa1!every', DomainName: '', UserPrincipalName: '', SAMAccountName: '' },
  ...{ DistinguishedName: '', PrivateKey: '', Passphrase: '', PasswordFallbackFlag: false, LoginAccountFlag: false },
  ...{ Description: '', PasswordRuleID: 0, ApiEnabled: true, ReleaseNotificationEmail: '', ChangeServicesFlag: false },
  ...{ RestartServicesFlag: false, ChangeTasksFlag: false, ReleaseDuration: 120, MaxReleaseDuration: 525_600 },
  ...{ ISAReleaseDuration: 120, MaxConcurrentRequests: 0, AutoManagementFlag: false, DSSAutoManagementFlag: false },
  ...{ CheckPasswordFlag: false, ResetPasswordOnMismatchFlag: false, ChangePasswordAfterAnyReleaseFlag: false },
  ...{ ChangeFrequencyType: 'first', ChangeFrequencyDays: 0, ChangeTime: '00:00', NextChangeDate: '' },
  ...{ UseOwnCredentials: false, ChangeIISAppPoolFlag: false, WorkgroupID: null, ObjectID: '', Unknown: 'ignored' },
};

const chain = async ({ create }: Pick<Awaited<ReturnType<typeof start>>, 'create'>) => {
  const asset = await create('Workgroups/1/Assets', ASSET);
  const system = await create(`Assets/${asset.AssetID}/ManagedSystems?version=3.2`, SYSTEM);
  const account = await create(`ManagedSystems/${system.ManagedSystemID}/ManagedAccounts`, ACCOUNT);
  return {
    asset,
    system,
    account,
    assetId: asset.AssetID,
    systemId: system.ManagedSystemID,
    accountId: account.ManagedAccountID,
  };
};

describe('the creation of objects', () => {
  test('makes each visible to the reads of its kind', async () => {
    const run = await start();
    const { caller } = run;
    const { asset, system, account, assetId, systemId, accountId } = await chain(run);
    expect(asset).toMatchObject({ WorkgroupID: 1, AssetName: 'new-1', MacAddress: null });
    expect(system).toMatchObject({ SystemName: 'new-1', EntityTypeID: 1, AssetID: assetId, Timeout: 30 });
    expect(account).toMatchObject({ ManagedSystemID: systemId, MaxConcurrentRequests: 1, AutoManagementFlag: false });
    expect(JSON.stringify(account)).not.toContain(ACCOUNT.Password);
    expect(asJson(await caller.get('Workgroups/default%20workgroup/Assets?name=NEW-1'))).toEqual(asset);
    expect(asJson(await caller.get(`Assets/${assetId}/ManagedSystems`))).toEqual(system);
    expect(asJson(await caller.get('ManagedSystems?name=new-1'))).toEqual(system);
    expect(asJson(await caller.get('FunctionalAccounts/1/ManagedSystems'))).toContainEqual(system);
    expect(asJson(await caller.get(`ManagedAccounts/${accountId}`))).toEqual(account);
    expect(asJson(await caller.post('Assets/Search?limit=5', { ipaddress: '10.9.9.9' }))).toEqual({
      TotalCount: 1,
      Data: [asset],
    });
  });

  test.each([
    ['POST', 'Workgroups', { Name: 'default workgroup' }, 409],
    ['POST', 'Workgroups', { Name: 'x'.repeat(257) }, 400],
    ['POST', 'Workgroups', { name: 'Other' }, 201],
    ['PUT', 'Workgroups/1', { Name: 'x' }, 405],
    ['DELETE', 'Workgroups/1', undefined, 405],
    ['POST', 'Workgroups/Nowhere/Assets', ASSET, 404],
    ['POST', 'Workgroups/1/Assets', { AssetName: 'no address' }, 400],
    ['POST', 'Workgroups/1/Assets', ASSET, 409],
    ['PUT', 'Assets/{asset}', { AssetName: 'renamed' }, 200],
    ['POST', 'Assets/{asset}/ManagedSystems', SYSTEM, 409],
    ['POST', 'Workgroups/1/ManagedSystems', { SystemName: 's', PlatformID: 2, WorkgroupID: 1, Port: 22 }, 400],
    ['POST', 'Workgroups/1/ManagedSystems', { EntityTypeID: 3, PlatformID: 25, HostName: 'corp' }, 201],
    ['POST', 'Workgroups/1/ManagedSystems', { EntityTypeID: 4, PlatformID: 47, HostName: 'aws', AccessURL: 'u' }, 201],
    ['PUT', 'ManagedSystems/{system}', { Description: 'changed' }, 200],
    ['PUT', 'ManagedSystems/{system}', { ContactEmail: 'no address' }, 400],
    ['PUT', 'ManagedSystems/{system}', { ChangeFrequencyType: 'xdays' }, 400],
    ['POST', 'ManagedSystems/{system}/ManagedAccounts', EVERY_FIELD, 201],
    ['POST', 'ManagedSystems/{system}/ManagedAccounts', { AccountName: 'svc', Password: 'x' }, 409],
    ['POST', 'ManagedSystems/{system}/ManagedAccounts', { AccountName: 'none' }, 400],
    ['POST', 'ManagedSystems/{system}/ManagedAccounts', { AccountName: 'auto', AutoManagementFlag: true }, 201],
    ['PUT', 'ManagedAccounts/{account}', { ReleaseDuration: 60, MaxReleaseDuration: 30 }, 400],
    ['PUT', 'ManagedAccounts/{account}', { ReleaseDuration: 30 }, 200],
    ['PUT', 'ManagedAccounts/{account}/Credentials', { Password: 'Aa1!new', UpdateSystem: true }, 204],
    ['PUT', 'ManagedAccounts/{account}/Credentials', {}, 400],
    ['POST', 'ManagedAccounts/{account}/Credentials/Test', {}, 200],
    ['DELETE', 'ManagedSystems/{system}/ManagedAccounts/SVC', undefined, 200],
    ['DELETE', 'ManagedSystems/{system}/ManagedAccounts', undefined, 200],
    ['POST', 'FunctionalAccounts', { PlatformID: 2, AccountName: 'fa', Password: 'x', PrivateKey: '' }, 201],
    ['POST', 'FunctionalAccounts', { PlatformID: 2, AccountName: 'fa' }, 400],
    ['DELETE', 'FunctionalAccounts/1', undefined, 400],
    ['POST', 'QuickRules', { IDs: [9], Title: 'Rule' }, 400],
    ['POST', 'QuickRules', { IDs: [], Title: 'Rule' }, 400],
    ['POST', 'QuickRules', { AccountIDs: ['{account}'], Title: 'all managed accounts' }, 409],
    ['POST', 'UserGroups', { groupType: 'BeyondInsight', groupName: 'g', description: 'g', isActive: true }, 201],
    ['POST', 'UserGroups', { groupType: 'EntraID', groupName: 'g', description: 'g' }, 400],
    ['POST', 'UserGroups', { groupType: 'BeyondInsight', groupName: 'READERS', description: 'g' }, 409],
    ['POST', 'UserGroups/1/Permissions', [{ PermissionID: 1, AccessLevelID: 3 }], 204],
    ['DELETE', 'SmartRules/1', undefined, 400],
    ['POST', 'SmartRules/1/Process?queue=true', {}, 200],
  ] as const)('answers %s %s %j with %i', async (method, path, body, status) => {
    const run = await start();
    const ids = await chain(run);
    const filled = (text: string): string =>
      text.replace('{asset}', ids.assetId).replace('{system}', ids.systemId).replace('{account}', ids.accountId);
    const answer = await run.caller.call(method, filled(path), {
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: filled(JSON.stringify(body)) }),
    });
    expect([answer.status, answer.text.slice(0, answer.status === status ? 0 : 200)]).toEqual([status, '']);
  });
});

test.each([
  ['the account first', ['ManagedAccounts/{account}', 'ManagedSystems/{system}', 'Assets/{asset}'], [200, 200, 200]],
  ['the system first', ['ManagedSystems/{system}', 'ManagedAccounts/{account}', 'Assets/{asset}'], [200, 404, 200]],
  ['the asset first', ['Assets/{asset}', 'ManagedSystems/{system}', 'ManagedAccounts/{account}'], [200, 404, 404]],
])('objects can be deleted with %s', async (_order, paths, statuses) => {
  const run = await start();
  const ids = await chain(run);
  const before = run.site.simulator.accounts().length;
  const answers: number[] = [];
  for (const path of paths) {
    const filled = path
      .replace('{asset}', ids.assetId)
      .replace('{system}', ids.systemId)
      .replace('{account}', ids.accountId);
    answers.push(await remove(run.caller, filled));
  }
  expect(answers).toEqual(statuses);
  const { contents } = run.site.simulator;
  expect(contents.assets().filter(({ AssetName }) => AssetName === ASSET.AssetName)).toEqual([]);
  expect(contents.systems().filter(({ SystemName }) => SystemName === ASSET.AssetName)).toEqual([]);
  expect(run.site.simulator.accounts()).toHaveLength(before - 1);
});

test('a created account shows every field, whichever of them a client sends', async () => {
  const run = await start();
  const { systemId, account } = await chain(run);
  const path = `ManagedSystems/${systemId}/ManagedAccounts`;
  const every = await run.create(path, EVERY_FIELD);
  expect(Object.keys(every)).toEqual(Object.keys(account));
  expect(Object.keys(every)).toHaveLength(43);
  expect(every).toMatchObject({ MaxConcurrentRequests: 0, ChangeFrequencyDays: null, ChangeTime: '00:00' });
  const refused = await run.caller.post(path, { ...EVERY_FIELD, AccountName: 'days', ChangeFrequencyDays: 1000 });
  expect(refused.status).toBe(400);
});

describe('a role on a quick rule', () => {
  const provisioned = async () => {
    const run = await start();
    const ids = await chain(run);
    const rule = await run.create('QuickRules', { IDs: [ids.accountId], Title: 'Rule', RuleType: 'ManagedAccount' });
    const group = asJson(await run.caller.get('UserGroups?name=readers'));
    const path = `UserGroups/${group.GroupID}/SmartRules/${rule.SmartRuleID}`;
    const request = { SystemID: ids.systemId, AccountID: ids.accountId, DurationMinutes: 5 };
    return { ...run, ids, rule, path, request };
  };
  const ROLE = { Roles: [{ RoleID: '1' }], AccessPolicyID: 1 };

  test('needs an access level and a policy, and decides what the members of a group may request', async () => {
    const { caller, reader, path, request, ids, rule } = await provisioned();
    expect((await reader.post('Requests', request)).status).toBe(403);
    expect((await caller.post(`${path}/Roles`, ROLE)).status).toBe(400);
    expect((await caller.post(`${path}/AccessLevels`, { AccessLevelID: 1 })).status).toBe(200);
    expect((await caller.post(`${path}/Roles`, { Roles: [{ RoleID: 1 }] })).status).toBe(400);
    expect((await caller.post(`${path}/Roles`, ROLE)).status).toBe(204);
    expect(asJson(await caller.get(`${path}/Roles`))).toEqual([{ RoleID: 1, Name: 'Requestor' }]);
    const listed: { AccountId: number }[] = asJson(await reader.get('ManagedAccounts'));
    expect(listed.map(({ AccountId }) => AccountId)).toEqual([ids.accountId]);
    const opened = await reader.post('Requests', request);
    expect(opened.status).toBe(201);
    expect(asJson(await reader.get(`Credentials/${opened.text}`))).toBe(ACCOUNT.Password);
    expect(await remove(caller, `${path}/Roles`)).toBe(200);
    expect((await reader.get('ManagedAccounts')).status).toBe(403);
    expect((await caller.post(`${path}/Roles`, ROLE)).status).toBe(204);
    expect(await remove(caller, `SmartRules/${rule.SmartRuleID}`)).toBe(204);
    expect((await reader.get('ManagedAccounts')).status).toBe(403);
  });

  test('has no effect on an account that the API excludes', async () => {
    const { caller, reader, path, request, ids } = await provisioned();
    await caller.post(`${path}/AccessLevels`, { AccessLevelID: 1 });
    await caller.post(`${path}/Roles`, ROLE);
    expect((await caller.put(`ManagedAccounts/${ids.accountId}`, { ApiEnabled: false })).status).toBe(200);
    expect((await reader.post('Requests', request)).text).toBe('4031');
  });

  test('covers the current members of the rule, which cannot be emptied', async () => {
    const { caller, create, ids, rule } = await provisioned();
    const path = `QuickRules/${rule.SmartRuleID}/ManagedAccounts`;
    const other = await create(`ManagedSystems/${ids.systemId}/ManagedAccounts`, { ...ACCOUNT, AccountName: 'other' });
    const replaced = await caller.put(path, { AccountIDs: [ids.accountId, other.ManagedAccountID, ids.accountId] });
    expect([replaced.status, asJson(replaced).length]).toEqual([200, 2]);
    expect(await remove(caller, `${path}/${ids.accountId}`)).toBe(200);
    expect(await remove(caller, `${path}/${other.ManagedAccountID}`)).toBe(400);
    expect(asJson(await caller.get(path))).toMatchObject([{ AccountName: 'other' }]);
  });
});

test('a Smart Rule knows a new account after its next run, during which a second one is refused', async () => {
  const run = await start({ ruleProcessingMs: MINUTE_MS });
  const { caller, site } = run;
  const { accountId } = await chain(run);
  const covered = async () =>
    asJson(await caller.get('SmartRules/1/ManagedAccounts')).some(
      ({ ManagedAccountID }: { ManagedAccountID: number }) => ManagedAccountID === accountId,
    );
  expect(await covered()).toBe(false);
  expect((await caller.post('SmartRules/1/Process', {})).status).toBe(200);
  expect((await caller.post('SmartRules/1/Process', {})).status).toBe(409);
  expect(await covered()).toBe(false);
  site.pass(MINUTE_MS);
  expect(await covered()).toBe(true);
  const later = await run.create('Workgroups/1/ManagedSystems', { EntityTypeID: 4, PlatformID: 47, HostName: 'aws' });
  const path = `ManagedSystems/${later.ManagedSystemID}/ManagedAccounts`;
  const { ManagedAccountID } = await run.create(path, ACCOUNT);
  site.pass(HOUR_MS);
  const again = await site.signIn(PROVISIONER);
  expect((await again.get('SmartRules/1/ManagedAccounts')).text).toContain(`"ManagedAccountID":${ManagedAccountID},`);
});

test('the vault generates passwords where it has a functional account, and its failures change nothing', async () => {
  const run = await start();
  const { caller, site } = run;
  const { systemId, accountId } = await chain(run);
  const path = `ManagedAccounts/${accountId}/Credentials/Change`;
  site.simulator.switches.changeResult = 'fails';
  expect((await caller.post(path, {})).status).toBe(400);
  expect(site.simulator.credentialOf(accountId)).toBe(ACCOUNT.Password);
  site.simulator.switches.changeResult = 'succeeds';
  expect((await caller.post(path, { UpdateSystem: true, Queue: false })).status).toBe(204);
  expect(site.simulator.credentialOf(accountId)).toMatch(/canary/);
  await caller.put(`ManagedSystems/${systemId}`, { AutoManagementFlag: false });
  expect((await caller.post(path, {})).status).toBe(400);
});

test.each([
  ['Workgroups', 'asset-management'],
  ['Workgroups/1/Assets', 'asset-management'],
  ['Assets/101/ManagedSystems', 'system-management'],
  ['ManagedSystems/101/ManagedAccounts', 'account-management'],
  ['FunctionalAccounts', 'account-management'],
  ['QuickRules', 'rule-management'],
  ['UserGroups', 'user-management'],
  ['UserGroups/1/SmartRules/1/Roles', 'role-management'],
] as const)('POST %s needs full control by the permission %s', async (path, role) => {
  const site = await startSite({ users: [{ ...PROVISIONER, readOnly: [role] }] });
  const answer = await (await site.signIn(PROVISIONER)).post(path, {});
  expect([answer.status, answer.text]).toEqual([403, '"Permission denied."']);
  site.simulator.changeUser(PROVISIONER.userName, { readOnly: [] });
  expect((await (await site.signIn(PROVISIONER)).post(path, {})).status).not.toBe(403);
});

test('a workgroup of any name is found by that name in a path, in any case', async () => {
  const { caller, create } = await start();
  const names = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => /[a-z]/i.test(name) && !/^\.+$/.test(name));
  const seen = new Set(['default workgroup']);
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      fc.pre(!seen.has(name.toLowerCase()));
      seen.add(name.toLowerCase());
      const { ID } = await create('Workgroups', { Name: name });
      const path = `Workgroups/${encodeURIComponent(name.toUpperCase())}/Assets`;
      fc.pre(name.toUpperCase().toLowerCase() === name.toLowerCase());
      expect(asJson(await caller.post(path, ASSET)).WorkgroupID).toBe(ID);
    }),
    { numRuns: 25 },
  );
});

import { describe, expect, onTestFinished, test } from 'vitest';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, PROVISIONER } from '#local/simulators/password-safe/users.ts';
import { RESOURCES } from '#shared/connections/password-safe/resources/resources.ts';
import type { Resources, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { Secret } from '#shared/secret.ts';
import { describeResource, type ResourceSite } from '../resource-suite.ts';
import { openRelaySite } from './relay-site.ts';

type Kind = keyof typeof RESOURCES;
const MARK = 'hosts 0123456789abcdef';
const PASSWORD = new Secret('canary-first-password-Aa1!');

const SETTINGS = {
  asset: { workgroup: 'Default Workgroup', name: 'web-77', address: '10.7.7.7', description: 'A web server' },
  'managed-system': { asset: 'host', platform: 'Linux', port: 22, elevationCommand: 'sudo', description: 'Linux' },
  'managed-account': {
    system: 'system',
    name: 'root',
    password: { from: 'secret', secret: 'initial/root' },
    description: 'Root',
  },
  'quick-rule': { title: 'Linux web-77', accounts: ['root'] },
  'user-group': { name: 'Owners of web-77', description: 'Owners' },
  'access-level': { group: 'owners', rule: 'rule', level: 'read' },
  role: { group: 'owners', rule: 'rule', roles: ['Requestor'], accessPolicy: 'Automation' },
  permissions: { group: 'owners', permissions: [{ permission: 'Asset Management', level: 'read' }] },
} as const satisfies Readonly<Record<Kind, object>>;

/** The kinds that must exist before another, by the setting that names them. */
const PARENTS: Readonly<Record<Kind, Readonly<Record<string, Kind>>>> = {
  asset: {},
  'managed-system': { asset: 'asset' },
  'managed-account': { system: 'managed-system' },
  'quick-rule': { accounts: 'managed-account', systems: 'managed-system' },
  'user-group': {},
  'access-level': { group: 'user-group', rule: 'quick-rule' },
  role: { group: 'user-group', rule: 'quick-rule' },
  permissions: { group: 'user-group' },
};

const specOf = (kind: Kind): unknown => RESOURCES[kind].settings.parse({ type: kind, ...SETTINGS[kind] });

/** Runs work in one session, which ends with the test. */
const openSession = async (site: PasswordSafeOptions = {}) => {
  const relay = await openRelaySite({
    site: { users: [PROVISIONER, DEFAULT_APPLICATION], ...site },
    bootstrap: { apiKey: PROVISIONER.apiKey.key, runAs: PROVISIONER.userName },
  });
  const opened = Promise.withResolvers<Resources>();
  const ended = Promise.withResolvers<void>();
  const session = relay.vault.session(async ({ resources }) => {
    if (resources !== undefined) opened.resolve(await resources());
    await ended.promise;
  });
  onTestFinished(async () => {
    ended.resolve();
    await session;
  });
  const resources = await Promise.race([opened.promise, session.then(() => Promise.reject(new Error('ended')))]);
  const workOn = (kind: Kind): ResourceWork => {
    const work = resources(kind);
    if (work === undefined) throw new Error(`There is no ${kind}.`);
    return work;
  };
  /** Creates a resource and everything that it needs. Returns its id. */
  const made = new Map<Kind, Promise<string>>();
  const refsOf = async (kind: Kind): Promise<Wanted['refs']> =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(PARENTS[kind]).map(async ([setting, parent]) => [setting, [await make(parent)]] as const),
      ),
    );
  const make = (kind: Kind): Promise<string> => {
    const create = async () => {
      const wanted = { spec: specOf(kind), refs: await refsOf(kind) };
      return workOn(kind).create(wanted, { mark: MARK, initial: { from: 'secret', value: PASSWORD } });
    };
    const known = made.get(kind) ?? create();
    made.set(kind, known);
    return known;
  };
  return { ...relay, workOn, refsOf, make };
};

const open = (kind: Kind) => async (): Promise<ResourceSite> => {
  const { simulator, workOn, refsOf, make } = await openSession();
  const refs = await refsOf(kind);
  // A role requires access to the rule.
  if (kind === 'role') await workOn('access-level').create({ spec: specOf('access-level'), refs }, { mark: MARK });
  await Promise.all(Object.values(PARENTS[kind]).map(make));
  return {
    work: workOn(kind),
    refs,
    loseAnswers: (isLost) => {
      if (!isLost) return simulator.faults.clear();
      simulator.faults.add({ kind: 'provision', times: 1, effect: { type: 'reset', when: 'after' } });
    },
    everythingVisible: () => JSON.stringify([simulator.audit, simulator.contents]),
  };
};

describe('the resources of Password Safe', () => {
  describeResource({
    name: 'asset',
    type: RESOURCES.asset,
    settings: SETTINGS.asset,
    changes: { address: '10.7.7.8', dnsName: 'web-77.corp', operatingSystem: 'Linux 7', description: 'Another' },
    fixed: {},
    open: open('asset'),
  });
  describeResource({
    name: 'managed-system',
    type: RESOURCES['managed-system'],
    settings: SETTINGS['managed-system'],
    changes: { port: 2222, timeoutSeconds: 45, releaseMinutes: 60, changeEvery: { days: 30 }, description: 'Another' },
    fixed: { platform: 'Windows', entity: undefined },
    open: open('managed-system'),
  });
  describeResource({
    name: 'managed-system',
    type: RESOURCES['managed-system'],
    settings: {
      workgroup: 'Default Workgroup',
      entity: 'directory',
      hostName: 'corp-77.example',
      platform: 'Active Directory',
      description: 'A directory',
    },
    changes: { forestName: 'forest.example', useSsl: true, accountNameFormat: 'upn', description: 'Another' },
    fixed: { platform: 'Amazon', entity: 'cloud' },
    open: open('managed-system'),
  });
  describeResource({
    name: 'managed-account',
    type: RESOURCES['managed-account'],
    settings: SETTINGS['managed-account'],
    initial: { from: 'secret', value: PASSWORD },
    changes: {
      apiEnabled: false,
      releaseMinutes: 60,
      maxConcurrentRequests: 3,
      changeAfterRelease: true,
      description: 'x',
    },
    fixed: {},
    open: open('managed-account'),
  });
  describeResource({
    name: 'quick-rule',
    type: RESOURCES['quick-rule'],
    settings: SETTINGS['quick-rule'],
    changes: {},
    fixed: { category: 'Others', description: 'Another' },
    open: open('quick-rule'),
  });
  describeResource({
    name: 'quick-rule',
    type: RESOURCES['quick-rule'],
    settings: { title: 'Linux systems', systems: ['system'] },
    changes: {},
    fixed: { category: 'Others', description: 'Another' },
    open: open('quick-rule'),
  });
  describeResource({
    name: 'user-group',
    type: RESOURCES['user-group'],
    settings: SETTINGS['user-group'],
    changes: {},
    fixed: { kind: 'entra', description: 'Another', active: false, registrations: [7] },
    open: open('user-group'),
  });
  describeResource({
    name: 'access-level',
    type: RESOURCES['access-level'],
    settings: SETTINGS['access-level'],
    changes: { level: 'read-write' },
    fixed: {},
    open: open('access-level'),
  });
  describeResource({
    name: 'role',
    type: RESOURCES.role,
    settings: SETTINGS.role,
    changes: { roles: ['Requestor', 'Information Systems Administrator'] },
    fixed: {},
    open: open('role'),
  });
  describeResource({
    name: 'permissions',
    type: RESOURCES.permissions,
    settings: SETTINGS.permissions,
    changes: { permissions: [{ permission: 'Asset Management', level: 'full' }] },
    fixed: {},
    open: open('permissions'),
  });
});

test('a quick rule follows its accounts, and an emptied one is refused', async () => {
  const { workOn, make, refsOf } = await openSession();
  const rule = workOn('quick-rule');
  await make('quick-rule');
  const refs = await refsOf('managed-account');
  const spec = RESOURCES['managed-account'].settings.parse({
    type: 'managed-account',
    ...SETTINGS['managed-account'],
    name: 'admin',
  });
  const initial = { from: 'secret', value: PASSWORD } as const;
  const second = await workOn('managed-account').create({ spec, refs }, { mark: MARK, initial });
  const accounts = [...((await refsOf('quick-rule'))['accounts'] ?? []), second];
  const wanted = { spec: specOf('quick-rule'), refs: { accounts } };
  const found = await rule.find(wanted);
  if (found === undefined) throw new Error('The rule was not found.');
  await rule.change(wanted, found, ['accounts']);
  expect((await rule.find(wanted))?.fields['accounts']).toEqual(accounts.map(Number));
  await expect(rule.change({ ...wanted, refs: { accounts: [] } }, found, ['accounts'])).rejects.toMatchObject({
    name: 'RequestRejected',
  });
});

test.each(['access-level', 'user-group'] as const)('the group of administrators is not managed: %s', async (kind) => {
  const { workOn } = await openSession();
  const settings = { type: 'user-group', name: 'administrators' };
  const spec = RESOURCES['user-group'].settings.parse(settings);
  await expect(workOn('user-group').find({ spec, refs: {} })).rejects.toMatchObject({ name: 'ResourceForeign' });
  expect(RESOURCES[kind].grantsRights).toBe(true);
});

test('an asset and a system name what the vault would delete together with them', async () => {
  const { workOn, make, refsOf } = await openSession();
  await make('managed-account');
  const [system = ''] = (await refsOf('managed-account'))['system'] ?? [];
  const [asset = ''] = (await refsOf('managed-system'))['asset'] ?? [];
  expect(await workOn('managed-system').inside?.(system)).toEqual(['root']);
  expect(await workOn('asset').inside?.(asset)).toHaveLength(1);
  await workOn('managed-system').remove(system);
  expect(await workOn('asset').inside?.(asset)).toEqual([]);
});

describe('an account', () => {
  /** A user who provisions and, unlike in production, may also check out. */
  const openForAll = () =>
    openSession({ users: [{ ...PROVISIONER, roles: [...PROVISIONER.roles, 'requestor'] }, DEFAULT_APPLICATION] });
  const wantedIn = async ({ refsOf }: Awaited<ReturnType<typeof openSession>>) => ({
    spec: specOf('managed-account'),
    refs: await refsOf('managed-account'),
  });

  test('can be checked out while it is enabled for the API, and is proven to be', async () => {
    const opened = await openForAll();
    const account = opened.workOn('managed-account');
    const id = await opened.make('managed-account');
    const wanted = await wantedIn(opened);
    const proof = () => account.proveAccess?.(wanted, id);
    // The rule of all accounts is processed later.
    expect(await proof()).toMatchObject({ proven: false });
    opened.clock.now += opened.simulator.switches.ruleIntervalMs;
    expect(await proof()).toEqual({ proven: true });
    await account.setEnabled?.(id, false);
    expect(await account.find(wanted)).toMatchObject({ fields: { apiEnabled: false }, mark: MARK });
    expect(await proof()).toEqual({ proven: false, reason: expect.stringContaining('may not check out the account') });
    await account.setEnabled?.(id, true);
    expect(await proof()).toEqual({ proven: true });
  });

  test('waits for its longest release if the user may not end requests', async () => {
    const { workOn, make } = await openSession();
    const id = await make('managed-account');
    expect(await workOn('managed-account').endUse?.(id)).toEqual({ waitMinutes: 525_600 });
  });

  test('is proven if the vault can log on, and not proven otherwise, with the fix', async () => {
    const opened = await openSession();
    const id = await opened.make('managed-account');
    const wanted = await wantedIn(opened);
    const proof = () => opened.workOn('managed-account').prove?.(wanted, id);
    expect(await proof()).toEqual({ proven: true });
    opened.simulator.switches.changeResult = 'fails';
    expect(await proof()).toEqual({ proven: false, reason: expect.stringContaining('could not log on') });
  });
});

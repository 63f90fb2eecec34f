import { describe, expect, test } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { type Answer, APPLICATION, fleetOf, pickKind, requestFor, START, startSite } from './site.ts';

const FLEET = createFleet({ accounts: 60, seed: 3 });

const rows = (answer: Answer): { AccountId: number; AccountName: string }[] => JSON.parse(answer.text);
const idsOf = (answer: Answer): number[] => rows(answer).map((row) => row.AccountId);
const query = (fields: Record<string, string | number>): string =>
  `ManagedAccounts?${Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`;

describe('the list of accounts', () => {
  test('is a bare array of all accounts, in a fixed order, with every field of a row', async () => {
    const site = await startSite({ fleet: FLEET });
    const answer = await (await site.signIn()).get('ManagedAccounts');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(idsOf(answer)).toEqual(FLEET.map((account) => account.accountId));
    const plain = pickKind(FLEET, 'plain');
    expect(rows(answer).find((row) => row.AccountId === plain.accountId)).toEqual({
      PlatformID: plain.platformId,
      SystemId: plain.systemId,
      SystemName: plain.systemName,
      DomainName: null,
      AccountId: plain.accountId,
      AccountName: plain.accountName,
      InstanceName: 'MAIN',
      UserPrincipalName: null,
      ApplicationID: null,
      ApplicationDisplayName: null,
      DefaultReleaseDuration: 120,
      MaximumReleaseDuration: 525_600,
      LastChangeDate: expect.stringMatching(/^2025-\d\d-\d\dT00:00:00(\.\d+)?$/),
      NextChangeDate: null,
      IsChanging: false,
      ChangeState: 0,
      IsISAAccess: false,
      PreferredNodeID: null,
      AccountDescription: '',
      TotpEnabled: false,
      TotpParameters: null,
    });
  });

  test('is returned page by page, and ends with a short page', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    const pages = await Promise.all([0, 25, 50, 75].map((offset) => caller.get(query({ limit: 25, offset }))));
    expect(pages.map((page) => rows(page).length)).toEqual([25, 25, 10, 0]);
    expect(pages.flatMap(idsOf)).toEqual(FLEET.map((account) => account.accountId));
  });

  test('returns at most 1,000 rows', async () => {
    const site = await startSite({ fleet: createFleet({ accounts: 1500, seed: 1 }) });
    const caller = await site.signIn();
    expect(rows(await caller.get('ManagedAccounts'))).toHaveLength(1000);
    expect(rows(await caller.get(query({ limit: 5000 })))).toHaveLength(1000);
    expect(rows(await caller.get(query({ limit: 5000, offset: 1000 })))).toHaveLength(500);
  });

  test('repeats the first page for ever if the site ignores offset', async () => {
    const site = await startSite({ fleet: FLEET, switches: { offsetIgnored: true } });
    const caller = await site.signIn();
    const first = await caller.get(query({ limit: 10 }));
    expect(idsOf(await caller.get(query({ limit: 10, offset: 10 })))).toEqual(idsOf(first));
  });

  test.each([
    ['type', { type: 'Database' }, (account: (typeof FLEET)[number]) => account.type === 'database'],
    ['workgroup', { workgroupName: 'PRODUCTION' }, (account) => account.workgroup === 'Production'],
    ['system name', { systemName: 'WEB-0001' }, (account) => account.systemName === 'web-0001'],
    ['system id', { systemID: 102 }, (account) => account.systemId === 102],
    ['account name', { accountName: 'admin' }, (account) => account.accountName === 'admin'],
    [
      'application',
      { type: 'application', applicationDisplayName: 'application 1' },
      (a) => a.applicationId !== null && a.systemName === 'app-0001',
    ],
    [
      'address',
      { type: 'system', ipAddress: '10.0.0.1' },
      (account) => account.ipAddress === '10.0.0.1' && account.type === 'system',
    ],
  ] satisfies [string, Record<string, string | number>, (account: (typeof FLEET)[number]) => boolean][])(
    'can be asked for by %s',
    async (_what, filter, expected) => {
      const site = await startSite({ fleet: FLEET });
      const wanted = FLEET.filter(expected).map((account) => account.accountId);
      expect(wanted.length).toBeGreaterThan(0);
      expect(idsOf(await (await site.signIn()).get(query(filter)))).toEqual(wanted);
    },
  );

  test('of type recent contains what the caller requested, latest first', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    const [first, second] = FLEET.filter((account) => account.kind === 'plain');
    if (first === undefined || second === undefined) throw new Error('The fleet is too small.');
    expect(rows(await caller.get(query({ type: 'recent' })))).toEqual([]);
    for (const account of [first, second, first]) {
      const { text } = await caller.post('Requests', requestFor(account));
      await caller.put(`Requests/${text}/Checkin`);
    }
    expect(idsOf(await caller.get(query({ type: 'recent' })))).toEqual([first.accountId, second.accountId]);
  });

  test('is empty if nothing matches, and 400 for an invalid parameter', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    expect(await caller.get(query({ systemName: 'nowhere' }))).toMatchObject({ status: 200, text: '[]' });
    for (const wrong of ['type=other', 'limit=0', 'limit=x', 'offset=-1', `systemName=${'x'.repeat(130)}`]) {
      expect((await caller.get(`ManagedAccounts?${wrong}`)).status).toBe(400);
    }
  });

  test('is refused to a user who may only approve', async () => {
    const site = await startSite({ users: [{ ...APPLICATION, roles: ['approver'] }] });
    expect(await (await site.signIn()).get('ManagedAccounts')).toMatchObject({ status: 403, text: '4032' });
  });

  test('shows ISA access to those who have it', async () => {
    const site = await startSite({ fleet: fleetOf({}), users: [{ ...APPLICATION, roles: ['isa'] }] });
    expect(rows(await (await site.signIn()).get('ManagedAccounts'))).toMatchObject([{ IsISAAccess: true }]);
  });
});

describe('the look-up by both names', () => {
  test('returns one object, whatever the names contain', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    const odd = FLEET.filter((account) => account.kind === 'odd-name');
    expect(odd).toHaveLength(3);
    for (const { systemName, accountName, accountId } of odd) {
      const answer = await caller.get(query({ systemName, accountName, limit: 1000, offset: 0 }));
      expect(JSON.parse(answer.text)).toMatchObject({ AccountId: accountId, AccountName: accountName });
    }
  });

  test('finds a directory account by DOMAIN\\name, by its UPN and in any case', async () => {
    const account = FLEET.find((candidate) => candidate.userPrincipalName !== null);
    if (account === undefined) throw new Error('The fleet has no directory account.');
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    const names = [`corp\\${account.accountName}`, account.userPrincipalName ?? '', account.accountName.toUpperCase()];
    for (const accountName of names) {
      const answer = await caller.get(
        query({ systemname: account.systemName.toUpperCase(), accountname: accountName }),
      );
      expect(JSON.parse(answer.text)).toMatchObject({ AccountId: account.accountId });
    }
  });

  test('names the missing object with 404', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    expect(await caller.get(query({ systemName: 'nowhere', accountName: 'root' }))).toMatchObject({
      status: 404,
      text: '"Managed System not found"',
    });
    expect(await caller.get(query({ systemName: 'db-0001', accountName: 'unknown' }))).toMatchObject({
      status: 404,
      text: '"Managed Account not found"',
    });
  });

  test('returns an array of one or none, if the site does so', async () => {
    const [account] = fleetOf({});
    const site = await startSite({ fleet: FLEET, switches: { twoNameShape: 'array', twoNameMissing: 'empty-list' } });
    const caller = await site.signIn();
    const { systemName = '', accountName = '' } = account ?? {};
    expect(rows(await caller.get(query({ systemName, accountName })))).toHaveLength(1);
    expect(await caller.get(query({ systemName, accountName: 'unknown' }))).toMatchObject({ status: 200, text: '[]' });
  });
});

test.each([
  ['none', '2026-03-01T12:00:00.12'],
  ['Z', '2026-03-01T12:00:00.12Z'],
  ['+00:00', '2026-03-01T12:00:00.12+00:00'],
] as const)('dates are written with zone %s as %s, and null stays null', async (dateFormat, text) => {
  const fleet = fleetOf({ lastChangedAt: START + 120 }, { lastChangedAt: null });
  const site = await startSite({ fleet, switches: { dateFormat } });
  const answer = await (await site.signIn()).get('ManagedAccounts');
  expect(rows(answer)).toMatchObject([{ LastChangeDate: text }, { LastChangeDate: null }]);
});

describe('workgroups', () => {
  test('are listed, and found by name or number', async () => {
    const site = await startSite({ fleet: FLEET, users: [{ ...APPLICATION, roles: ['asset-management'] }] });
    const caller = await site.signIn();
    const all = JSON.parse((await caller.get('Workgroups')).text);
    expect(all).toHaveLength(4);
    expect(all[1]).toEqual({ OrganizationID: expect.any(String), ID: 2, Name: 'Production' });
    expect(JSON.parse((await caller.get('workgroups?NAME=production')).text)).toEqual(all[1]);
    expect(JSON.parse((await caller.get('Workgroups/2')).text)).toEqual(all[1]);
  });
});

import { describe, expect, it } from 'vitest';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import { openSite, pick, type TestSite } from './site.ts';

const find = (site: TestSite, systemName: string, accountName: string) =>
  site.vault.withSession((session) => session.findAccount(systemName, accountName));

const withAnswer = async (status: number, value: unknown, contentType = 'application/json') => {
  const site = await openSite();
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  site.simulator.faults.add({ kind: 'list', effect: { type: 'status', status, body, contentType } });
  return site;
};

const ROW = { SystemId: 1, AccountId: 7, SystemName: 'web', AccountName: 'admin' };

describe('looking an account up by its names', () => {
  it.each(['object', 'array'] as const)('finds each account of a fleet in an answer of the shape %s', async (shape) => {
    const site = await openSite({ switches: { twoNameShape: shape } });
    await site.vault.withSession(async (session) => {
      for (const { systemName, accountName, systemId, accountId, domainName } of site.simulator.accounts()) {
        const name = domainName === null ? accountName : `${domainName}\\${accountName}`;
        expect(await session.findAccount(systemName, name)).toMatchObject({ systemId, accountId, systemName });
      }
    });
  });

  it('tells what the list tells', async () => {
    const site = await openSite({ users: [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'isa'] }] });
    const { systemName, accountName } = pick(site);
    const [found, listed] = await site.vault.withSession(async (session) => {
      const first = await session.findAccount(systemName, accountName);
      for await (const { accounts } of session.listAccounts({ types: [], workgroups: [] })) {
        return [first, accounts.find(({ accountId }) => accountId === first?.accountId)];
      }
      return [];
    });
    expect(found).toMatchObject({ systemName, accountName, isaAccess: true });
    expect(found).toEqual(listed);
  });

  it.each([
    ['a 404', {}],
    ['an empty list', { switches: { twoNameMissing: 'empty-list' } }],
  ] satisfies [string, PasswordSafeOptions][])('finds nothing where the vault has nothing: %s', async (_, options) => {
    const site = await openSite(options);
    const { systemName } = pick(site);
    expect(await find(site, systemName, 'nobody')).toBeUndefined();
    expect(await find(site, 'nowhere', 'nobody')).toBeUndefined();
  });

  it.each([
    ['a page of a proxy', '<html>Managed Account not found</html>', 'text/html', 'RequestRejected'],
    ['an unknown address', { Message: 'No HTTP resource was found.' }, 'application/json', 'NotFound'],
    ['a sentence that we do not know', '"Gone fishing"', 'application/json', 'NotFound'],
  ])('does not take %s for an account that is not there', async (_what, body, contentType, name) => {
    const site = await withAnswer(404, body, contentType);
    expect((await site.failureOf(find(site, 'web', 'admin'))).name).toBe(name);
  });

  it('refuses to choose between several', async () => {
    const site = await withAnswer(200, [ROW, { ...ROW, AccountId: 8 }]);
    const error = await site.failureOf(find(site, 'web', 'admin'));
    expect(error.name).toBe('RequestRejected');
    expect(error.message).toContain('found 2 accounts that are called web/admin');
  });

  it.each([[[null]], [{ Unexpected: true }], [{ TotalCount: 1 }], ['text']])(
    'takes %j for an answer that it does not know',
    async (value) => {
      const site = await withAnswer(200, JSON.stringify(value));
      expect((await site.failureOf(find(site, 'web', 'admin'))).name).toBe('AnswerMalformed');
    },
  );
});

describe('testing access', () => {
  const test = (site: TestSite, more: Partial<Parameters<VaultSession['testAccess']>[0]> = {}, minutes = 15) =>
    site.vault.withSession((session) => session.testAccess({ ...pick(site), ...more }, minutes));

  it('tells each kind of access and its conditions, and opens nothing', async () => {
    const base = pick(await openSite());
    if (base.policy === null) throw new Error('The account has no policy.');
    const policy = {
      ...base.policy,
      requireReason: true,
      requireTicket: true,
      ticketSystemId: 2,
      access: { View: {}, SSH: { minApprovers: 2 } },
    };
    const site = await openSite({ fleet: [{ ...base, policy }] });
    const conditions = { requiresTicket: true, ticketSystemId: 2 };
    expect(await test(site)).toEqual([
      { accessType: 'View', minApprovers: 0, ...conditions },
      { accessType: 'SSH', minApprovers: 2, ...conditions },
    ]);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  it('offers nothing where no policy allows it now', async () => {
    const base = pick(await openSite());
    const site = await openSite({ fleet: [{ ...base, policy: null }] });
    expect(await test(site)).toEqual([]);
  });

  it('is refused for what the user may not ask for', async () => {
    const site = await openSite();
    expect((await site.failureOf(test(site, { systemId: 0 }))).name).toBe('NotRequestable');
  });

  it('knows kinds of access in any case, and passes over others and over what is null', async () => {
    const site = await openSite();
    const schedule = { RequireReason: null, RequireTicketSystem: null, TicketSystemID: null };
    const access = (AccessType: string | null) => ({ AccessType, MinApprovers: 1 });
    const policies = [
      { Schedules: [] },
      {
        Schedules: [
          { ...schedule, AccessTypes: ['view', 'RDP', 'Telepathy', null].map(access) },
          { ...schedule, AccessTypes: [] },
        ],
      },
    ];
    site.simulator.faults.add({ kind: 'policies', effect: { type: 'wrong-shape', value: policies } });
    const conditions = { minApprovers: 1, requiresTicket: false, ticketSystemId: undefined };
    expect(await test(site)).toEqual([
      { accessType: 'View', ...conditions },
      { accessType: 'RDP', ...conditions },
    ]);
  });
});

describe('the list of open requests', () => {
  it('tells what each is for, and whether it was approved', async () => {
    const site = await openSite();
    const listed = await site.vault.withSession(async (session) => {
      const terms = { durationMinutes: 5, reason: 'a test', rotateOnCheckIn: false, whenOpen: 'refuse' } as const;
      await session.openRequest({ ...pick(site), ...terms, applicationId: undefined, accessType: 'SSH' });
      await session.openRequest({ ...pick(site, 'approval'), ...terms, applicationId: undefined, accessType: 'View' });
      const before = await session.listOpenRequests();
      site.simulator.approve(2);
      return [...before, ...(await session.listOpenRequests())];
    });
    expect(listed.map(({ requestId, accessType, status }) => [requestId, accessType, status])).toEqual([
      [1, 'SSH', 'active'],
      [2, 'View', 'pending'],
      [1, 'SSH', 'active'],
      [2, 'View', 'active'],
    ]);
  });

  it('does not know what it has never heard of', async () => {
    const site = await openSite();
    const row = { RequestID: 1, SystemID: 1, AccountID: 1, Status: 'Active' };
    const value = [{ ...row, AccessType: 'Telepathy' }, row, { ...row, AccessType: 'rdp' }];
    site.simulator.faults.add({ kind: 'listRequests', effect: { type: 'wrong-shape', value } });
    const listed = await site.vault.withSession((session) => session.listOpenRequests());
    expect(listed.map(({ accessType }) => accessType)).toEqual([undefined, undefined, 'RDP']);
  });
});

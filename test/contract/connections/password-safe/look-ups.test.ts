import { describe, expect, it } from 'vitest';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { testAccess } from '#shared/connections/password-safe/access.ts';
import { listOpenRequests } from '#shared/connections/password-safe/requests.ts';
import { createIsAddressed } from '#shared/domain/addressing.ts';
import { termsOf } from '#test/support/terms.ts';
import { ACCOUNTS, itemOf, leasesOf, listAll, openSite, pick, type TestSite } from './site.ts';

const find = (site: TestSite, systemName: string, accountName: string) =>
  site.vault.session((session) => session.find(ACCOUNTS, { systemName, accountName }));

const withAnswer = async (status: number, value: unknown, contentType = 'application/json') => {
  const site = await openSite();
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  site.simulator.faults.add({ kind: 'list', effect: { type: 'status', status, body, contentType } });
  return site;
};

const ROW = { SystemId: 1, AccountId: 7, SystemName: 'web', AccountName: 'admin' };

describe('looking up an account by its names', () => {
  it.each(['object', 'array'] as const)('finds each account of a fleet in an answer of the shape %s', async (shape) => {
    const site = await openSite({ switches: { twoNameShape: shape } });
    await site.vault.session(async (session) => {
      for (const { systemName, accountName, systemId, accountId, domainName } of site.simulator.accounts()) {
        const name = domainName === null ? accountName : `${domainName}\\${accountName}`;
        const found = await session.find(ACCOUNTS, { systemName, accountName: name });
        expect(found).toMatchObject({ ref: { kind: 'account', id: `${systemId}:${accountId}` } });
      }
    });
  });

  it('finds each listed account by its own labels, and by its usual name', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      const { address } = site.vault.rules(ACCOUNTS);
      for (const item of (await listAll(session)).items) {
        expect(await session.find(ACCOUNTS, item.labels)).toEqual(item);
        if (address === undefined) throw new Error('Accounts can be addressed.');
        const { systemName = '', accountName = '', domainName = '' } = item.labels;
        const called = domainName === '' ? accountName : `${domainName}\\${accountName}`;
        expect(createIsAddressed(address, [{ systemName, accountName: called }])(item.labels)).toBe(true);
      }
    });
  });

  it('returns the same item as the list', async () => {
    const site = await openSite({ users: [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'isa'] }] });
    const { systemName, accountName, systemId, accountId } = pick(site);
    const [found, listed] = await site.vault.session(async (session) => [
      await session.find(ACCOUNTS, { systemName, accountName }),
      (await listAll(session)).items.find(({ ref }) => ref.id === `${systemId}:${accountId}`),
    ]);
    expect(found).toMatchObject({ labels: { systemName, accountName }, handle: { isaAccess: true } });
    expect(found).toEqual(listed);
  });

  it.each([
    ['a 404', {}],
    ['an empty list', { switches: { twoNameMissing: 'empty-list' } }],
  ] satisfies [string, PasswordSafeOptions][])('finds nothing where the vault has nothing: %s', async (_, options) => {
    const site = await openSite(options);
    const { systemName } = pick(site);
    expect(await find(site, systemName, 'unknown')).toBe('none');
    expect(await find(site, 'nowhere', 'unknown')).toBe('none');
  });

  it.each([
    ['a page of a proxy', '<html>Managed Account not found</html>', 'text/html', 'RequestRejected'],
    ['an unknown address', { Message: 'No HTTP resource was found.' }, 'application/json', 'NotFound'],
    ['a sentence that we do not know', '"Gone fishing"', 'application/json', 'NotFound'],
  ])('does not treat %s as an absent account', async (_what, body, contentType, name) => {
    const site = await withAnswer(404, body, contentType);
    expect((await site.failureOf(find(site, 'web', 'admin'))).name).toBe(name);
  });

  it('does not choose between several', async () => {
    const site = await withAnswer(200, [ROW, { ...ROW, AccountId: 8 }]);
    expect(await find(site, 'web', 'admin')).toBe('several');
  });

  it.each([[[null]], [{ Unexpected: true }], [{ TotalCount: 1 }], ['text']])(
    'treats %j as a malformed answer',
    async (value) => {
      const site = await withAnswer(200, JSON.stringify(value));
      expect((await site.failureOf(find(site, 'web', 'admin'))).name).toBe('AnswerMalformed');
    },
  );

  it('is not for secrets, and requires both names', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      await expect(session.find({ source: 'secrets-safe' }, { title: 'api' })).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
      });
      await expect(session.find(ACCOUNTS, { systemName: 'web' })).rejects.toMatchObject({ name: 'ContractViolated' });
    });
  });
});

describe('an unknown source', () => {
  it('is refused with its name', async () => {
    const site = await openSite();
    expect(() => site.vault.rules({ source: 'rumours' })).toThrow(/no source "rumours"/);
    await site.vault.session(async (session) => {
      expect(() => session.access({ source: 'constructor' })).toThrow(/no source "constructor"/);
    });
  });
});

describe('testing access', () => {
  const test = (site: TestSite, more: { readonly systemId?: number } = {}, minutes = 15) =>
    site.call((session) => testAccess(session, { ...pick(site), ...more }, minutes));

  it('returns each kind of access with its conditions, and opens nothing', async () => {
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
    const offers = (delivers: string) =>
      site.vault.session(async (session) =>
        leasesOf(session, { source: 'accounts', delivers }).offers?.(itemOf(base), 15),
      );
    const handle = { ticketSystemId: 2 };
    expect(await offers('password')).toEqual([{ approvers: 0, needsTicket: true, handle }]);
    expect(await offers('ssh-ticket')).toEqual([{ approvers: 2, needsTicket: true, handle }]);
    expect(await offers('rdp-file')).toEqual([]);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  it('offers nothing if no policy allows access now', async () => {
    const base = pick(await openSite());
    const site = await openSite({ fleet: [{ ...base, policy: null }] });
    expect(await test(site)).toEqual([]);
  });

  it('is refused for items that the user may not request', async () => {
    const site = await openSite();
    expect((await site.failureOf(test(site, { systemId: 0 }))).name).toBe('NotRequestable');
  });

  it('accepts kinds of access in any case, and skips unknown ones and null', async () => {
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
  it('shows the purpose and the approval of each', async () => {
    const site = await openSite();
    const listed = await site.vault.session(async (session) => {
      const terms = termsOf({ minutes: 5, reason: 'a test', whenHeld: 'refuse' });
      const ssh = leasesOf(session, { source: 'accounts', delivers: 'ssh-ticket' });
      await ssh.open(itemOf(pick(site)), terms);
      await leasesOf(session).open(itemOf(pick(site, 'approval')), terms);
      const before = await ssh.held();
      site.simulator.approve(2);
      return [...before, ...(await ssh.held())];
    });
    expect(listed.map(({ id, opens, status }) => [id, opens, status])).toEqual([
      ['1', 'target-session', 'active'],
      ['2', 'credential', 'pending'],
      ['1', 'target-session', 'active'],
      ['2', 'credential', 'active'],
    ]);
  });

  it('reports unknown access types as unknown', async () => {
    const site = await openSite();
    const row = { RequestID: 1, SystemID: 1, AccountID: 1, Status: 'Active' };
    const value = [{ ...row, AccessType: 'Telepathy' }, row, { ...row, AccessType: 'rdp' }];
    site.simulator.faults.add({ kind: 'listRequests', times: 2, effect: { type: 'wrong-shape', value } });
    const listed = await site.call(listOpenRequests);
    expect(listed.map(({ accessType }) => accessType)).toEqual([undefined, undefined, 'RDP']);
    const held = await site.vault.session((session) => leasesOf(session).held());
    expect(held.map(({ opens }) => opens)).toEqual(['unknown', 'unknown', 'target-session']);
  });
});

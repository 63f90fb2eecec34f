import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import type { AccountQuery, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { Account } from '#shared/domain/account.ts';
import { termsFor } from '#test/support/terms.ts';
import { openSite, pick } from './site.ts';

const ALL: AccountQuery = { types: [], workgroups: [] };

const listAll = async (session: VaultSession, query: AccountQuery = ALL) => {
  const accounts: Account[] = [];
  let complete = true;
  for await (const page of session.listAccounts(query)) {
    accounts.push(...page.accounts);
    complete &&= page.complete;
  }
  return { accounts, complete };
};

describe('listing accounts', () => {
  it('finds all of a fleet of several pages, as the vault has them', async () => {
    const fleet = createFleet({ accounts: 2500, seed: 3 });
    const site = await openSite({ fleet });
    const { accounts, complete } = await site.vault.withSession((session) => listAll(session));
    expect(complete).toBe(true);
    expect(accounts.map(({ systemId, accountId }) => `${systemId}/${accountId}`).sort()).toEqual(
      fleet.map(({ systemId, accountId }) => `${systemId}/${accountId}`).sort(),
    );
    expect(site.effects('list')).toBe(3);
  });

  it.each(['Z', '+00:00', 'none'] as const)(
    'reads the same dates when they are written with %s',
    async (dateFormat) => {
      const site = await openSite({ switches: { dateFormat } });
      const { accounts } = await site.vault.withSession((session) => listAll(session));
      const expected = site.simulator.accounts().map(({ accountId, lastChangedAt }) => [accountId, lastChangedAt]);
      expect(
        accounts.map(({ accountId, changedAt }) => [accountId, changedAt === undefined ? null : Date.parse(changedAt)]),
      ).toEqual(expected);
    },
  );

  it('says so when the site ignores the offset of a full page', async () => {
    const site = await openSite({ fleet: createFleet({ accounts: 1200, seed: 3 }), switches: { offsetIgnored: true } });
    const { accounts, complete } = await site.vault.withSession((session) => listAll(session));
    expect([accounts.length, complete]).toEqual([1000, false]);
  });

  it('asks for types and workgroups, and resolves patterns of workgroups', async () => {
    const site = await openSite({ fleet: createFleet({ accounts: 200, seed: 3 }) });
    const query: AccountQuery = { types: ['database', 'cloud'], workgroups: ['*', '!Prod*'] };
    const { accounts } = await site.vault.withSession((session) => listAll(session, query));
    const expected = site.simulator
      .accounts()
      .filter(({ type, workgroup }) => ['database', 'cloud'].includes(type) && workgroup !== 'Production');
    expect(accounts).toHaveLength(expected.length);
    expect(accounts.length).toBeGreaterThan(0);
    expect(accounts.every(({ workgroupName }) => workgroupName !== '' && workgroupName !== 'Production')).toBe(true);
  });

  it('knows which accounts are changing', async () => {
    const site = await openSite();
    const { accounts } = await site.vault.withSession((session) => listAll(session));
    const changing = accounts.filter((account) => account.changing).map(({ accountId }) => accountId);
    expect(changing).toEqual([pick(site, 'changing').accountId]);
  });
});

describe('a request', () => {
  it('is opened, read, listed and given back', async () => {
    const site = await openSite();
    const account = pick(site);
    await site.vault.withSession(async (session) => {
      const { requestId, reused } = await session.openRequest(termsFor(account));
      expect(reused).toBe(false);
      expect((await session.readCredential(requestId)).secret.reveal()).toBe(account.credential);
      expect(await session.listOpenRequests()).toEqual([
        {
          requestId,
          systemId: account.systemId,
          accountId: account.accountId,
          status: 'active',
          accessType: 'View',
          reason: 'sync [x/y/0]',
          createdAt: new Date(site.clock.now).toISOString(),
          expiresAt: new Date(site.clock.now + 15 * 60_000).toISOString(),
        },
      ]);
      expect(await session.checkIn(requestId, 'delivered')).toEqual({
        gone: false,
        at: new Date(site.clock.now).toISOString(),
      });
      expect(await session.listOpenRequests()).toEqual([]);
    });
    expect(site.simulator.openRequests()).toEqual([]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('that is open already is reused, and not ours', async () => {
    const site = await openSite();
    await site.vault.withSession(async (session) => {
      const first = await session.openRequest(termsFor(pick(site)));
      expect(await session.openRequest(termsFor(pick(site)))).toEqual({ requestId: first.requestId, reused: true });
    });
  });

  it('does not make the account change when it is given back', async () => {
    const site = await openSite({ switches: { changeDelayMs: 0 } });
    const account = pick(site);
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(account));
      await session.checkIn(requestId, '');
    });
    site.clock.now += 3_600_000;
    expect(site.simulator.credentialOf(account.accountId)).toBe(account.credential);
  });

  it('that waits for an approval is listed as pending', async () => {
    const site = await openSite();
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(pick(site, 'approval')));
      expect(await session.listOpenRequests()).toMatchObject([{ requestId, status: 'pending' }]);
      site.simulator.approve(requestId);
      expect(await session.listOpenRequests()).toMatchObject([{ requestId, status: 'active' }]);
    });
  });

  it.each([404, 204] as const)('that is gone already is given back by the way of %i', async (finishedCheckIn) => {
    const site = await openSite({ switches: { finishedCheckIn } });
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(pick(site)));
      site.clock.now += 16 * 60_000;
      expect(await session.checkIn(requestId, '')).toEqual({
        gone: finishedCheckIn === 404,
        at: new Date(site.clock.now).toISOString(),
      });
    });
  });
});

describe('a credential', () => {
  it('arrives to the letter, whatever it is made of', async () => {
    const site = await openSite();
    const readable = site.simulator.accounts().filter(({ kind }) => !['approval', 'not-requestable'].includes(kind));
    expect(new Set(readable.map(({ credentialShape }) => credentialShape)).size).toBeGreaterThan(3);
    await site.vault.withSession(async (session) => {
      for (const account of readable) {
        const { requestId } = await session.openRequest(termsFor(account));
        expect((await session.readCredential(requestId)).secret.reveal()).toBe(account.credential);
      }
    });
  });
});

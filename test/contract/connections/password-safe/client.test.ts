import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { termsOf } from '#test/support/terms.ts';
import { itemOf, leasesOf, listAll, openSite, pick, textIn } from './site.ts';

describe('listing accounts', () => {
  it('finds all accounts of a fleet of several pages, unchanged', async () => {
    const fleet = createFleet({ accounts: 2500, seed: 3 });
    const site = await openSite({ fleet });
    const { items, complete } = await site.vault.session((session) => listAll(session));
    expect(complete).toBe(true);
    expect(items.map(({ ref }) => ref.id).sort()).toEqual(
      fleet.map(({ systemId, accountId }) => `${systemId}:${accountId}`).sort(),
    );
    expect(site.effects('list')).toBe(4);
  });

  it.each(['Z', '+00:00', 'none'] as const)(
    'reads the same dates when they are written with %s',
    async (dateFormat) => {
      const site = await openSite({ switches: { dateFormat } });
      const { items } = await site.vault.session((session) => listAll(session));
      const expected = site.simulator
        .accounts()
        .map(({ accountId, lastChangedAt }) => [String(accountId), lastChangedAt]);
      expect(
        items.map(({ labels, changedAt }) => [
          labels['accountId'],
          changedAt === undefined ? null : Date.parse(changedAt),
        ]),
      ).toEqual(expected);
    },
  );

  it('reports a site that ignores the offset of a full page', async () => {
    const site = await openSite({ fleet: createFleet({ accounts: 1200, seed: 3 }), switches: { offsetIgnored: true } });
    const { items, complete } = await site.vault.session((session) => listAll(session));
    expect([items.length, complete]).toEqual([1000, false]);
  });

  it('requests types and workgroups, and resolves patterns of workgroups', async () => {
    const users = [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'asset-management'] as const }];
    const site = await openSite({ fleet: createFleet({ accounts: 200, seed: 3 }), users });
    const select = { types: ['database', 'cloud'], workgroups: ['*', '!Prod*'] };
    const { items } = await site.vault.session((session) => listAll(session, { source: 'accounts', select }));
    const expected = site.simulator
      .accounts()
      .filter(({ type, workgroup }) => ['database', 'cloud'].includes(type) && workgroup !== 'Production');
    expect(items).toHaveLength(expected.length);
    expect(items.length).toBeGreaterThan(0);
    expect(items.map(({ labels }) => labels['workgroupName'])).not.toContain('');
    expect(items.map(({ labels }) => labels['workgroupName'])).not.toContain('Production');
  });

  it('shows which accounts are changing', async () => {
    const site = await openSite();
    const { items } = await site.vault.session((session) => listAll(session));
    const changing = items.filter((item) => item.changing).map(({ labels }) => labels['accountId']);
    expect(changing).toEqual([String(pick(site, 'changing').accountId)]);
  });
});

describe('a request', () => {
  it('is opened, read, listed and checked in', async () => {
    const site = await openSite();
    const account = pick(site);
    const item = itemOf(account);
    await site.vault.session(async (session) => {
      const leases = leasesOf(session);
      const { id, ours } = await leases.open(item, termsOf());
      expect(ours).toBe(true);
      expect(textIn(await leases.read(id, item))).toBe(account.credential);
      expect(await leases.held()).toEqual([
        {
          id,
          items: [item.ref],
          status: 'active',
          opens: 'credential',
          reason: 'sync [x/y/0]',
          createdAt: new Date(site.clock.now).toISOString(),
          endsAt: new Date(site.clock.now + 15 * 60_000).toISOString(),
        },
      ]);
      expect(await leases.close(id, 'delivered')).toEqual({ at: new Date(site.clock.now).toISOString() });
      expect(await leases.held()).toEqual([]);
    });
    expect(site.simulator.openRequests()).toEqual([]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('that is already open is reused, and not ours', async () => {
    const site = await openSite();
    const item = itemOf(pick(site));
    await site.vault.session(async (session) => {
      const first = await leasesOf(session).open(item, termsOf());
      expect(await leasesOf(session).open(item, termsOf())).toEqual({ id: first.id, ours: false });
    });
  });

  it('lasts for the minutes of the rule by default', async () => {
    const site = await openSite();
    const rule = { source: 'accounts', requestMinutes: 9 };
    await site.vault.session(async (session) => {
      await leasesOf(session, rule).open(itemOf(pick(site)), termsOf({ minutes: undefined }));
      const [held] = await leasesOf(session).held();
      expect(held?.endsAt).toBe(new Date(site.clock.now + 9 * 60_000).toISOString());
    });
  });

  it('lasts at most as long as the vault grants for the account', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 }).map((row) => ({ ...row, maximumReleaseMinutes: 120 }));
    const site = await openSite({ fleet });
    await site.vault.session(async (session) => {
      const found = (await listAll(session)).items.find(
        ({ labels }) => labels['accountId'] === String(pick(site).accountId),
      );
      if (found === undefined) throw new Error('It is not listed.');
      await leasesOf(session).open(found, termsOf({ minutes: 500_000 }));
      const [held] = await leasesOf(session).held();
      expect(held?.endsAt).toBe(new Date(site.clock.now + 120 * 60_000).toISOString());
    });
  });

  it('does not change the credential when it is checked in', async () => {
    const site = await openSite({ switches: { changeDelayMs: 0 } });
    const account = pick(site);
    await site.vault.session(async (session) => {
      const { id } = await leasesOf(session).open(itemOf(account), termsOf());
      await leasesOf(session).close(id, '');
    });
    site.clock.now += 3_600_000;
    expect(site.simulator.credentialOf(account.accountId)).toBe(account.credential);
  });

  it('that waits for an approval is listed as pending', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      const leases = leasesOf(session);
      const { id } = await leases.open(itemOf(pick(site, 'approval')), termsOf());
      expect(await leases.held()).toMatchObject([{ id, status: 'pending' }]);
      site.simulator.approve(Number(id));
      expect(await leases.held()).toMatchObject([{ id, status: 'active' }]);
    });
  });

  it.each([404, 204] as const)('that is already gone is checked in with status %i', async (finishedCheckIn) => {
    const site = await openSite({ switches: { finishedCheckIn } });
    await site.vault.session(async (session) => {
      const { id } = await leasesOf(session).open(itemOf(pick(site)), termsOf());
      site.clock.now += 16 * 60_000;
      expect(await leasesOf(session).close(id, '')).toEqual({ at: new Date(site.clock.now).toISOString() });
    });
    const statuses = site.simulator.audit.filter(({ kind }) => kind === 'checkin').map(({ status }) => status);
    expect(statuses).toEqual([finishedCheckIn]);
  });
});

describe('a credential', () => {
  it('is read unchanged, with any characters', async () => {
    const site = await openSite();
    const readable = site.simulator.accounts().filter(({ kind }) => !['approval', 'not-requestable'].includes(kind));
    expect(new Set(readable.map(({ credentialShape }) => credentialShape)).size).toBeGreaterThan(3);
    await site.vault.session(async (session) => {
      for (const account of readable) {
        const item = itemOf(account);
        const { id } = await leasesOf(session).open(item, termsOf());
        expect(textIn(await leasesOf(session).read(id, item))).toBe(account.credential);
      }
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { SimulatedAlias } from '#local/simulators/password-safe/aliases.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { termsOf } from '#test/support/terms.ts';
import { leasesOf, listAll, openSite, type TestSite, textIn } from './site.ts';

const FLEET = createFleet({ accounts: 24, seed: 1 }).map(
  (account): FleetAccount => ({ ...account, dssKey: 'rsa-encrypted' }),
);
const [FIRST, SECOND] = FLEET.filter(({ kind }) => kind === 'plain').map(({ accountId }) => accountId);
const ALIASES: readonly SimulatedAlias[] = [
  { aliasId: 31, aliasName: 'payments', accountIds: [FIRST ?? 0, SECOND ?? 0] },
  { aliasId: 32, aliasName: 'unmapped', accountIds: [] },
  { aliasId: 33, aliasName: 'reports', accountIds: [SECOND ?? 0] },
];
const RULE = { source: 'aliases' };
const KEYS = { source: 'aliases', credential: 'dsskey' };

const open = () => openSite({ fleet: FLEET, aliases: ALIASES });
const aliasOf = async (session: VaultSession, rule = RULE, name = 'payments'): Promise<Item> => {
  const alias = (await listAll(session, rule)).items.find(({ labels }) => labels['aliasName'] === name);
  if (alias === undefined) throw new Error('The vault lists no such alias.');
  return alias;
};
const accountOf = ({ simulator }: TestSite, accountId: number | undefined) => {
  const account = simulator.accounts().find((candidate) => candidate.accountId === accountId);
  if (account === undefined) throw new Error('There is no such account.');
  return account;
};

describe('an alias', () => {
  it('is listed with the account that it points at, unless it points at none', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const { items } = await listAll(session, RULE);
      expect(items.map(({ labels }) => [labels['aliasName'], labels['accountId']])).toEqual([
        ['payments', String(FIRST)],
        ['reports', String(SECOND)],
      ]);
      const { systemName, accountName, lastChangedAt } = accountOf(site, FIRST);
      const changedAt = new Date(lastChangedAt ?? 0).toISOString();
      expect(items[0]).toMatchObject({
        ref: { kind: 'alias', id: '31' },
        labels: { systemName, accountName },
        changedAt,
      });
      site.simulator.switchAlias(31);
      const [switched] = (await listAll(session, RULE)).items;
      expect(switched).toMatchObject({ ref: { id: '31' }, labels: { accountId: String(SECOND) } });
      expect(switched?.mark).not.toBe(items[0]?.mark);
    });
  });

  it('is found by its name, in any case, unless it points at no account', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const names = ['Payments', 'unmapped', 'rumours'];
      const found = await Promise.all(names.map((aliasName) => session.find(RULE, { aliasName })));
      expect(found).toEqual([await aliasOf(session), 'none', 'none']);
      site.simulator.switches.oddRows = { 'alias 33': { AccountId: 'x' } };
      expect((await site.failureOf(session.find(RULE, { aliasName: 'reports' }))).name).toBe('AnswerMalformed');
    });
  });

  it('is requested, read and checked in like an account, whose request it shows', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const [alias, leases] = [await aliasOf(session), leasesOf(session, RULE)];
      const { id, ours } = await leases.open(alias, termsOf());
      expect(ours).toBe(true);
      const { credential, systemId } = accountOf(site, FIRST);
      expect(textIn(await leases.read(id, alias))).toBe(credential);
      const account = { kind: 'account', id: `${systemId}:${FIRST}` };
      expect(await leases.held()).toMatchObject([{ id, items: [account, alias.ref] }]);
      expect(await leases.close(id, 'delivered')).toHaveProperty('at');
    });
    expect(site.simulator.openRequests()).toEqual([]);
  });

  it('has a key with its passphrase', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const [alias, leases] = [await aliasOf(session, KEYS), leasesOf(session, KEYS)];
      const { id } = await leases.open(alias, termsOf());
      const { content } = await leases.read(id, alias);
      const { canary } = accountOf(site, FIRST);
      if ('file' in content) throw new Error('A key is no file.');
      expect(content.secret.reveal()).toContain(canary);
      expect(content.passphrase?.reveal()).toContain(canary);
    });
  });

  it('that now points to another account returns no credential, because its name would be wrong', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const [alias, leases] = [await aliasOf(session), leasesOf(session, RULE)];
      site.simulator.switchAlias(31);
      const { id } = await leases.open(alias, termsOf());
      const failure = await site.failureOf(leases.read(id, alias));
      expect(failure).toMatchObject({ name: 'DeliverySuperseded', retryable: true });
    });
  });

  it('whose request has ended is a lease that is gone', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const [alias, leases] = [await aliasOf(session), leasesOf(session, RULE)];
      const { id } = await leases.open(alias, termsOf());
      await leases.close(id, '');
      expect((await site.failureOf(leases.read(id, alias))).name).toBe('LeaseGone');
    });
  });

  it('shares the request of another alias of its account, which is checked in once for both', async () => {
    const site = await open();
    await site.vault.session(async (session) => {
      const leases = leasesOf(session, RULE);
      site.simulator.switchAlias(31);
      const [payments, reports] = [await aliasOf(session), await aliasOf(session, RULE, 'reports')];
      const first = await leases.open(payments, termsOf());
      expect(await leases.open(reports, termsOf())).toEqual({ id: first.id, ours: false });
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { SimulatedAlias } from '#local/simulators/password-safe/aliases.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { Alias } from '#shared/domain/account.ts';
import { requestTerms } from '#shared/domain/lease.ts';
import { openSite, type TestSite } from './site.ts';

const FLEET = createFleet({ accounts: 24, seed: 1 }).map(
  (account): FleetAccount => ({ ...account, dssKey: 'rsa-encrypted' }),
);
const [FIRST, SECOND] = FLEET.filter(({ kind }) => kind === 'plain').map(({ accountId }) => accountId);
const ALIASES: readonly SimulatedAlias[] = [
  { aliasId: 31, aliasName: 'payments', accountIds: [FIRST ?? 0, SECOND ?? 0] },
  { aliasId: 32, aliasName: 'nobody', accountIds: [] },
  { aliasId: 33, aliasName: 'reports', accountIds: [SECOND ?? 0] },
];

const open = () => openSite({ fleet: FLEET, aliases: ALIASES });
const aliasOf = async (session: VaultSession, name = 'payments'): Promise<Alias> => {
  const alias = (await session.listAliases()).find(({ aliasName }) => aliasName === name);
  if (alias === undefined) throw new Error('The vault lists no such alias.');
  return alias;
};
const accountOf = ({ simulator }: TestSite, accountId: number | undefined) => {
  const account = simulator.accounts().find((candidate) => candidate.accountId === accountId);
  if (account === undefined) throw new Error('There is no such account.');
  return account;
};
const REASON = 'sync [x/y/0]';

describe('an alias', () => {
  it('is listed with the account that it points at, unless it points at none', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const listed = await session.listAliases();
      expect(listed.map(({ aliasName, accountId }) => [aliasName, accountId])).toEqual([
        ['payments', FIRST],
        ['reports', SECOND],
      ]);
      const { systemName, accountName, lastChangedAt } = accountOf(site, FIRST);
      const changedAt = new Date(lastChangedAt ?? 0).toISOString();
      expect(listed[0]).toMatchObject({ kind: 'alias', aliasId: 31, systemName, accountName, changedAt });
      site.simulator.switchAlias(31);
      expect((await session.listAliases())[0]).toMatchObject({ aliasId: 31, accountId: SECOND });
    });
  });

  it('is requested, read and given back like an account, whose request it shows', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const alias = await aliasOf(session);
      const { requestId, reused } = await session.openRequest(requestTerms(alias, 15, REASON));
      expect(reused).toBe(false);
      const { credential } = accountOf(site, FIRST);
      expect((await session.readCredential(requestId, { alias })).secret.reveal()).toBe(credential);
      expect(await session.listOpenRequests()).toMatchObject([{ requestId, aliasId: 31, accountId: FIRST }]);
      expect(await session.checkIn(requestId, 'delivered')).toMatchObject({ gone: false });
    });
    expect(site.simulator.openRequests()).toEqual([]);
  });

  it('has a key with its passphrase', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const alias = await aliasOf(session);
      const { requestId } = await session.openRequest(requestTerms(alias, 15, REASON));
      const { secret, passphrase } = await session.readCredential(requestId, { kind: 'dsskey', alias });
      const { canary } = accountOf(site, FIRST);
      expect(secret.reveal()).toContain(canary);
      expect(passphrase?.reveal()).toContain(canary);
    });
  });

  it('that points elsewhere by now gives no credential: it would go by the wrong name', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const alias = await aliasOf(session);
      site.simulator.switchAlias(31);
      const { requestId } = await session.openRequest(requestTerms(alias, 15, REASON));
      const failure = await site.failureOf(session.readCredential(requestId, { alias }));
      expect(failure).toMatchObject({ name: 'DeliverySuperseded', retryable: true });
    });
  });

  it('of which the request is over reads as a lease that is gone', async () => {
    const site = await open();
    await site.vault.withSession(async (session) => {
      const alias = await aliasOf(session);
      const { requestId } = await session.openRequest(requestTerms(alias, 15, REASON));
      await session.checkIn(requestId, '');
      const failure = await site.failureOf(session.readCredential(requestId, { alias }));
      expect(failure.name).toBe('LeaseGone');
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { KeyShape } from '#local/simulators/password-safe/dss-keys.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { termsFor } from '#test/support/terms.ts';
import { openSite, pick } from './site.ts';

const PLAIN: readonly KeyShape[] = ['rsa', 'openssh'];
const ENCRYPTED: readonly KeyShape[] = ['rsa-encrypted', 'pkcs8-encrypted', 'openssh-encrypted'];
const ISA_USER = { ...DEFAULT_APPLICATION, roles: ['requestor', 'isa'] as const };

const siteWith = async (account: Partial<FleetAccount>) => {
  const fleet = createFleet({ accounts: 24, seed: 1 }).map((row) => ({ ...row, ...account }));
  const site = await openSite({ fleet, users: [ISA_USER] });
  return { site, account: pick(site) };
};

describe('a private key', () => {
  it.each(PLAIN)('is read in one call when it is not encrypted: %s', async (dssKey) => {
    const { site, account } = await siteWith({ dssKey });
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(account));
      const { secret, passphrase } = await session.readCredential(requestId, { kind: 'dsskey' });
      expect(secret.reveal()).toContain(account.canary);
      expect(secret.reveal()).toContain('\r\n');
      expect(passphrase).toBeUndefined();
    });
    expect(site.effects('credential')).toBe(1);
  });

  it.each(ENCRYPTED)('comes with its passphrase when it says that it is encrypted: %s', async (dssKey) => {
    const { site, account } = await siteWith({ dssKey });
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(account));
      const { passphrase } = await session.readCredential(requestId, { kind: 'dsskey' });
      expect(passphrase?.reveal()).toBe(`passphrase ${account.canary}`);
    });
    expect(site.effects('credential')).toBe(2);
  });

  it('that an account does not have is no lost password', async () => {
    const { site, account } = await siteWith({ dssKey: null });
    await site.vault.withSession(async (session) => {
      const { requestId } = await session.openRequest(termsFor(account));
      const failure = await site.failureOf(session.readCredential(requestId, { kind: 'dsskey' }));
      expect(failure).toMatchObject({ name: 'NotFound', message: expect.stringContaining('private key') });
    });
  });

  it('is released by the ISA role, too, each part by a call of its own', async () => {
    const { site, account } = await siteWith({ dssKey: 'pkcs8-encrypted' });
    const credential = await site.vault.withSession((session) => session.readAsIsa(termsFor(account), 'dsskey'));
    expect(credential.secret.reveal()).toContain(account.canary);
    expect(credential.passphrase?.reveal()).toBe(`passphrase ${account.canary}`);
  });
});

describe('the ISA role', () => {
  it('reads a password in one call that opens nothing, and says when the release ends', async () => {
    const { site, account } = await siteWith({});
    const credential = await site.vault.withSession((session) =>
      session.readAsIsa(termsFor(account, { durationMinutes: 7 }), 'password'),
    );
    expect(credential.secret.reveal()).toBe(account.credential);
    expect(credential.endsAt).toBe(new Date(site.clock.now + 7 * 60_000).toISOString());
    expect(site.simulator.openRequests()).toEqual([]);
    expect([site.effects('credential'), site.effects('request'), site.effects('checkin')]).toEqual([1, 0, 0]);
  });

  it('is refused with what to do where the user does not have it', async () => {
    const site = await openSite();
    await site.vault.withSession(async (session) => {
      const failure = await site.failureOf(session.readAsIsa(termsFor(pick(site)), 'password'));
      expect(failure).toMatchObject({ name: 'NotRequestable', message: expect.stringContaining('ISA') });
    });
  });

  it('is never used twice for an answer that got lost: each use is a release', async () => {
    const { site, account } = await siteWith({});
    site.simulator.faults.add({ kind: 'credential', effect: { type: 'reset', when: 'after' } });
    await site.vault.withSession(async (session) => {
      const failure = await site.failureOf(session.readAsIsa(termsFor(account), 'password'));
      expect(failure).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: true });
    });
    expect(site.effects('credential')).toBe(1);
  });

  it('tells of each account whether it has it there', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 }).map((row, index) => ({ ...row, isaAccess: index % 2 === 0 }));
    const site = await openSite({ fleet, users: [ISA_USER] });
    const listed = await site.vault.withSession(async (session) => {
      for await (const { accounts } of session.listAccounts({ types: [], workgroups: [] })) return accounts;
      return [];
    });
    expect(listed.map(({ isaAccess }) => isaAccess)).toEqual(fleet.map(({ isaAccess }) => isaAccess));
  });
});

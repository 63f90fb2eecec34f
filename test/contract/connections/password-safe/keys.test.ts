import { describe, expect, it } from 'vitest';
import type { KeyShape } from '#local/simulators/password-safe/dss-keys.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Read } from '#shared/connections/vault.ts';
import { termsOf } from '#test/support/terms.ts';
import { BY_ROLE, itemOf, leasesOf, listAll, openSite, pick, readsOf, type TestSite, textIn } from './site.ts';

const PLAIN: readonly KeyShape[] = ['rsa', 'openssh'];
const ENCRYPTED: readonly KeyShape[] = ['rsa-encrypted', 'pkcs8-encrypted', 'openssh-encrypted'];
const ISA_USER = { ...DEFAULT_APPLICATION, roles: ['requestor', 'isa'] as const };
const KEYS = { source: 'accounts', credential: 'dsskey' };
const TERMS = { reason: 'sync [x/y/0]', minutes: 15 };

const siteWith = async (account: Partial<FleetAccount>) => {
  const fleet = createFleet({ accounts: 24, seed: 1 }).map((row) => ({ ...row, ...account }));
  const site = await openSite({ fleet, users: [ISA_USER] });
  return { site, account: pick(site) };
};

const readKey = (site: TestSite, account: FleetAccount): Promise<Read> =>
  site.vault.session(async (session) => {
    const item = itemOf(account, 'dsskey');
    const { id } = await leasesOf(session, KEYS).open(item, termsOf());
    return leasesOf(session, KEYS).read(id, item);
  });

const passphraseIn = ({ content }: Read): string | undefined =>
  'file' in content ? undefined : content.passphrase?.reveal();

describe('a private key', () => {
  it.each(PLAIN)('is read in one call if it is not encrypted: %s', async (dssKey) => {
    const { site, account } = await siteWith({ dssKey });
    const read = await readKey(site, account);
    expect(textIn(read)).toContain(account.canary);
    expect(textIn(read)).toContain('\r\n');
    expect(passphraseIn(read)).toBeUndefined();
    expect(site.effects('credential')).toBe(1);
  });

  it.each(ENCRYPTED)('is returned with its passphrase if it is encrypted: %s', async (dssKey) => {
    const { site, account } = await siteWith({ dssKey });
    expect(passphraseIn(await readKey(site, account))).toBe(`passphrase ${account.canary}`);
    expect(site.effects('credential')).toBe(2);
  });

  it('that an account does not have is not found, and is not a missing password', async () => {
    const { site, account } = await siteWith({ dssKey: null });
    const failure = await site.failureOf(readKey(site, account));
    expect(failure).toMatchObject({ name: 'NotFound', message: expect.stringContaining('private key') });
  });

  it('is also released by the ISA role, each part by a separate call', async () => {
    const { site, account } = await siteWith({ dssKey: 'pkcs8-encrypted' });
    const read = await site.vault.session((session) =>
      readsOf(session, { ...BY_ROLE, credential: 'dsskey' }).read(itemOf(account, 'dsskey'), TERMS),
    );
    expect(textIn(read)).toContain(account.canary);
    expect(passphraseIn(read)).toBe(`passphrase ${account.canary}`);
  });
});

describe('the ISA role', () => {
  it('reads a password in one call that opens nothing, and returns the end of the release', async () => {
    const { site, account } = await siteWith({});
    const read = await site.vault.session((session) =>
      readsOf(session).read(itemOf(account), { ...TERMS, minutes: 7 }),
    );
    expect(textIn(read)).toBe(account.credential);
    expect(read.endsAt).toBe(new Date(site.clock.now + 7 * 60_000).toISOString());
    expect(read.targetSession).toBeUndefined();
    expect(site.simulator.openRequests()).toEqual([]);
    expect([site.effects('credential'), site.effects('request'), site.effects('checkin')]).toEqual([1, 0, 0]);
  });

  it('releases for the minutes of the rule by default', async () => {
    const { site, account } = await siteWith({});
    const rule = { ...BY_ROLE, requestMinutes: 9 };
    const read = await site.vault.session((session) => readsOf(session, rule).read(itemOf(account), { reason: 'r' }));
    expect(read.endsAt).toBe(new Date(site.clock.now + 9 * 60_000).toISOString());
  });

  it('is refused with a fix if the user does not have it', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      const failure = await site.failureOf(readsOf(session).read(itemOf(pick(site)), TERMS));
      expect(failure).toMatchObject({ name: 'NotRequestable', message: expect.stringContaining('ISA') });
    });
  });

  it('is never used twice for a lost answer, because each use is a release', async () => {
    const { site, account } = await siteWith({});
    site.simulator.faults.add({ kind: 'credential', effect: { type: 'reset', when: 'after' } });
    await site.vault.session(async (session) => {
      const failure = await site.failureOf(readsOf(session).read(itemOf(account), TERMS));
      expect(failure).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: true });
    });
    expect(site.effects('credential')).toBe(1);
  });

  it('is shown for each account that it covers', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 }).map((row, index) => ({ ...row, isaAccess: index % 2 === 0 }));
    const site = await openSite({ fleet, users: [ISA_USER] });
    const { items } = await site.vault.session((session) => listAll(session, BY_ROLE));
    const { refusal } = site.vault.rules(BY_ROLE);
    expect(items.map((item) => refusal?.(item) === undefined)).toEqual(fleet.map(({ isaAccess }) => isaAccess));
  });
});

import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Source } from '#shared/connections/vault.ts';
import { itemKey } from '#shared/domain/item.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import type { RelayError } from '#shared/errors.ts';
import { termsOf } from '#test/support/terms.ts';
import { ACCOUNTS, itemOf, leasesOf, listAll, openSite, pick, type TestSite } from './site.ts';

const USERS = [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'secrets-safe'] as const }];
const SMALL = createFleet({ accounts: 24, seed: 1 });
const PLAIN = SMALL.filter(({ kind }) => kind === 'plain');
const SECRETS = createSecrets({ plain: 3 });
const LARGE = createFleet({ accounts: 1500, seed: 3 });
const MANY_SECRETS = createSecrets({ plain: 1500 });

const open = (options: PasswordSafeOptions = {}) =>
  openSite({
    users: USERS,
    fleet: SMALL,
    secrets: SECRETS,
    aliases: PLAIN.map(({ accountId }) => ({
      aliasId: accountId,
      aliasName: `alias ${accountId}`,
      accountIds: [accountId],
    })),
    ...options,
  });
const list = (site: TestSite, rule: Source) => site.vault.session((session) => listAll(session, rule));

const ALIASES: Source = { source: 'aliases' };
const SAFE_ARRAY: Source = { source: 'secrets-safe' };
const SAFE_COUNTED: Source = { source: 'secrets-safe', apiVersion: '3.2' };

describe('a list of several pages', () => {
  const CASES = [
    ['bare', ACCOUNTS, 'array'],
    ['counted', ACCOUNTS, 'counted'],
    ['bare', SAFE_ARRAY, 'array'],
    ['counted', SAFE_COUNTED, 'array'],
  ] as const;

  describe.each(CASES)('that is %s, of %j', (_how, rule, accountList) => {
    const large = (switches: PasswordSafeOptions['switches']) =>
      open({ fleet: LARGE, secrets: MANY_SECRETS, aliases: [], switches: { accountList, ...switches } });
    const sizeAt = ({ simulator }: TestSite) =>
      rule === ACCOUNTS ? LARGE.length : simulator.secretsSafe.all.filter(({ type }) => type !== 'Certificate').length;

    it('is read completely if the site limits pages below the requested size', async () => {
      const site = await large({ largestPage: 500 });
      const { items, complete } = await list(site, rule);
      expect([items.length, complete]).toEqual([sizeAt(site), true]);
    });

    it('is incomplete if a row left it between two pages', async () => {
      const site = await large({ rowsMoved: 1 });
      expect((await list(site, rule)).complete).toBe(false);
    });

    it('contains all existing rows if rows were added between two pages', async () => {
      const site = await large({ rowsMoved: -3 });
      expect((await list(site, rule)).items).toHaveLength(sizeAt(site));
    });
  });
});

describe('a row that cannot be read', () => {
  const [one] = PLAIN;
  if (one === undefined) throw new Error('The fleet has plain accounts.');
  const { systemId, accountId } = one;
  const secretId = SECRETS.at(-1)?.secretId ?? '';

  it.each([
    [
      'account',
      ACCOUNTS,
      `account ${accountId}`,
      { SystemName: null },
      [`SystemId ${systemId}`, `AccountId ${accountId}`],
    ],
    ['account', ACCOUNTS, `account ${accountId}`, { AccountId: null }, [`SystemId ${systemId}`]],
    ['account', ACCOUNTS, `account ${accountId}`, { ChangeState: 'queued' }, [`AccountId ${accountId}`]],
    ['alias', ALIASES, `alias ${accountId}`, { AliasName: null }, [`AliasId ${accountId}`]],
    ['secret', SAFE_ARRAY, `secret ${secretId}`, { Title: 42 }, [`Id ${secretId}`]],
    ['secret', SAFE_COUNTED, `secret ${secretId}`, { FolderPath: ['x'] }, [`Id ${secretId}`]],
  ])('of an %s fails alone, with the ids that it has: %#', async (what, rule, row, fields, ids) => {
    const whole = await list(await open(), rule);
    const { items, complete, rejected } = await list(await open({ switches: { oddRows: { [row]: fields } } }), rule);
    expect([items.length, complete]).toEqual([whole.items.length - 1, false]);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.title).toContain(`${what} that can't be read`);
    for (const id of ids) expect(rejected[0]?.title).toContain(id);
    expect(rejected[0]?.message).toContain('corp-vault: ');
    expect(JSON.stringify(rejected)).not.toContain(one.accountName);
  });

  it('is not one whose numbers are text', async () => {
    const oddRows = {
      [`account ${accountId}`]: {
        SystemId: String(systemId),
        AccountId: String(accountId),
        ChangeState: '0',
        IsChanging: 'false',
        MaximumReleaseDuration: String(one.maximumReleaseMinutes),
      },
    };
    expect(await list(await open({ switches: { oddRows } }), ACCOUNTS)).toEqual(await list(await open(), ACCOUNTS));
  });

  it('does not count as an absent account in a look-up', async () => {
    const site = await open({ switches: { oddRows: { [`account ${accountId}`]: { ChangeState: 'queued' } } } });
    const { systemName, accountName } = one;
    const found = site.vault.session((session) => session.find(ACCOUNTS, { systemName, accountName }));
    expect((await site.failureOf(found)).name).toBe('AnswerMalformed');
  });
});

describe('a list of open requests with one that cannot be read', () => {
  const openTwo = async (oddRows: Record<string, Record<string, unknown>>) => {
    const site = await open();
    const [one, two] = PLAIN;
    if (one === undefined || two === undefined) throw new Error('The fleet has plain accounts.');
    await site.vault.session(async (session) => {
      for (const account of [one, two]) await leasesOf(session).open(itemOf(account), termsOf({ reason: 'ours' }));
    });
    Object.assign(site.simulator.switches, { oddRows });
    return site;
  };

  it.each([
    ['id', { RequestID: null }, 'without an id'],
    ['reason', { Reason: 7 }, 'RequestID 1'],
  ])('in its %s hides no other row, and is reported', async (_what, odd, ids) => {
    const site = await openTwo({ 'request 1': odd });
    await site.vault.session(async (session) => {
      expect(await site.failureOf(leasesOf(session).held())).toMatchObject({
        name: 'AnswerMalformed',
        message: expect.stringContaining(ids),
      });
      const told: RelayError[] = [];
      expect(await leasesOf(session).held((error) => told.push(error))).toMatchObject([{ id: '2', reason: 'ours' }]);
      expect(told).toMatchObject([{ name: 'AnswerMalformed' }]);
    });
  });

  it('is read as far as needed for its owner and its check-in', async () => {
    const odd = {
      SystemID: null,
      AccountID: 'x',
      ExpiresDate: 'soon',
      RequestReleaseDate: 5,
      AccessType: 1,
      Status: 2,
    };
    const site = await openTwo({ 'request 1': odd });
    await site.vault.session(async (session) => {
      const [lease] = await leasesOf(session).held();
      expect(lease).toMatchObject({ id: '1', reason: 'ours', items: [], opens: 'unknown', status: 'active' });
      await leasesOf(session).close('1', 'not needed any more');
    });
    expect(site.simulator.openRequests()).toMatchObject([{ requestId: 2 }]);
  });

  it('is approved if its date of approval exists and cannot be read', async () => {
    const site = await openTwo({ 'request 1': { Status: null, ApprovedDate: '11/27/2026, 2:00:00 AM' } });
    const held = await site.vault.session((session) => leasesOf(session).held());
    expect(held.map(({ status }) => status)).toEqual(['active', 'active']);
  });
});

describe('a list of target sessions with one that cannot be read', () => {
  it('hides no other row, and is reported', async () => {
    const site = await open({ switches: { oddRows: { 'session 1': { Status: null } } } });
    const rule = { source: 'accounts', delivers: 'ssh-ticket' };
    await site.vault.session(async (session) => {
      const leases = leasesOf(session, rule);
      const item = itemOf(pick(site), 'ssh-ticket');
      const { id } = await leases.open(item, termsOf());
      for (const _ of [1, 2]) await leases.read(id, item);
      await expect(session.targetSessions?.list()).rejects.toMatchObject({ name: 'AnswerMalformed' });
      const told: RelayError[] = [];
      expect(await session.targetSessions?.list((error) => told.push(error))).toMatchObject([{ id: '2', leaseId: id }]);
      expect(told[0]?.message).toContain('SessionID 1');
    });
  });
});

describe('dates that cannot be read', () => {
  it.each([
    ['accounts', ACCOUNTS],
    ['aliases', ALIASES],
    ['secrets-safe', SAFE_ARRAY],
    ['secrets-safe, by their values', SAFE_COUNTED],
  ])('of %s show a change by their text, and are distinguished from none', async (_what, rule) => {
    const site = await open({ switches: { dateFormat: 'en-US' } });
    const stamps = async () => {
      const { items, complete } = await list(site, rule);
      expect(complete).toBe(true);
      return new Map(items.map((item) => [itemKey(item.ref), { item, stamp: stampOf('vault', item, 'x') }]));
    };
    const before = await stamps();
    const dated = [...before.values()].filter(({ item }) => item.hasUnreadableDate === true);
    expect(dated.length).toBeGreaterThan(0);
    expect([...before.values()].every(({ item }) => item.changedAt === undefined)).toBe(true);
    const [changed] = rule === ACCOUNTS || rule === ALIASES ? PLAIN : [];
    site.clock.now += 60_000;
    if (changed === undefined) site.simulator.secretsSafe.change(SECRETS.at(-1)?.secretId ?? '');
    else site.simulator.changeCredential(changed.accountId);
    const after = await stamps();
    const different = [...after].filter(([key, { stamp }]) => before.get(key)?.stamp !== stamp);
    expect(different).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import type { Placement, RotationOrder } from '#shared/connections/rotation.ts';
import type { Source } from '#shared/connections/vault.ts';
import { openRelaySite } from './relay-site.ts';
import { ACCOUNTS, itemOf, openSite, type TestSite } from './site.ts';

const ROTATOR = {
  ...DEFAULT_APPLICATION,
  roles: [...DEFAULT_APPLICATION.roles, 'account-management', 'system-management'] as const,
};

/** Twelve accounts, two on each of six systems. */
const FLEET = createFleet({ accounts: 40, seed: 7 })
  .filter(({ kind }) => kind === 'plain')
  .slice(0, 12)
  .map((account, index): FleetAccount => {
    const system = Math.floor(index / 2) + 1;
    const names = { accountName: `a${index}`, domainName: null, userPrincipalName: null };
    return { ...account, ...names, accountId: 2001 + index, systemId: system, systemName: `db-${system}` };
  });

const named = (index: number, names: Partial<FleetAccount>): FleetAccount[] =>
  FLEET.map((account, position) => (position === index ? { ...account, ...names } : account));

const open = (options: PasswordSafeOptions = {}) => openSite({ users: [ROTATOR], fleet: FLEET, ...options });

interface Question {
  readonly rule?: Source;
  readonly relayUsers?: readonly string[];
  readonly count?: number;
}

const orderOf = ({ simulator, vault }: TestSite, { rule = ACCOUNTS, relayUsers = [], count = 12 }: Question = {}) =>
  vault.session(async (session): Promise<RotationOrder> => {
    const order = session.rotation?.(rule, relayUsers)?.order;
    if (order === undefined) throw new Error('The vault has no order.');
    return order(
      simulator
        .accounts()
        .slice(0, count)
        .map((account) => itemOf(account)),
    );
  });

/** Ids of the accounts before each account that has some. */
const needsIn = ({ placements }: RotationOrder): Record<string, string[]> => {
  const idIn = (id: string): string => id.split(':')[1] ?? '';
  return Object.fromEntries(
    placements
      .filter(({ after }) => after.length > 0)
      .map(({ ref, after }) => [idIn(ref.id), after.map(({ id }) => idIn(id))]),
  );
};

const refusedIn = ({ placements }: RotationOrder): string[] =>
  placements.filter(({ refusal }) => refusal !== undefined).map(({ ref }) => ref.id.split(':')[1] ?? '');

const unitsIn = ({ placements }: RotationOrder): Record<string, string> =>
  Object.fromEntries(placements.flatMap(({ ref, unit }) => (unit === undefined ? [] : [[ref.id.split(':')[1], unit]])));

describe('the order of accounts', () => {
  it('takes one call for each system, and two for all', async () => {
    const site = await open();
    const before = site.simulator.audit.length;
    const { placements, incomplete } = await orderOf(site);
    // The token, the sign-in and the sign-out come on top.
    expect(site.simulator.audit.length - before - 3).toBe(6 + 2);
    expect(incomplete).toBeUndefined();
    expect(placements.map(({ system }) => system)).toEqual(FLEET.map(({ systemId }) => String(systemId)));
    expect(placements).toEqual(
      FLEET.map(({ systemId, accountId }): Placement => {
        const ref = { kind: 'account', id: `${systemId}:${accountId}` };
        return { ref, system: String(systemId), after: [], refusal: undefined };
      }),
    );
  });

  it('puts the login account of a system, which another system can own, before its accounts', async () => {
    const site = await open();
    site.simulator.switches.oddRows = { 'system 3': { LoginAccountID: 2001 }, 'system 1': { LoginAccountID: 2001 } };
    expect(needsIn(await orderOf(site))).toEqual({ 2002: ['2001'], 2005: ['2001'], 2006: ['2001'] });
    // Few systems are read one by one.
    expect(needsIn(await orderOf(site, { count: 2 }))).toEqual({ 2002: ['2001'] });
  });

  it('puts a functional account before the accounts that it changes, and its login account after it', async () => {
    const site = await open({ fleet: named(0, { accountName: 'svc-password-safe' }) });
    expect(needsIn(await orderOf(site))).toEqual({ 2002: ['2001'] });
    site.simulator.switches.oddRows = { 'system 1': { LoginAccountID: 2002 } };
    expect(needsIn(await orderOf(site))).toEqual({ 2002: ['2001'] });
  });

  it('knows a functional account of a domain on every system', async () => {
    const site = await open({ fleet: named(0, { accountName: 'svc', domainName: 'CORP' }) });
    site.simulator.switches.oddRows = { 'functional account 1': { AccountName: 'CORP\\svc' } };
    const all = Object.fromEntries(FLEET.slice(1).map(({ accountId }) => [accountId, ['2001']]));
    expect(needsIn(await orderOf(site))).toEqual(all);
    site.simulator.switches.oddRows = { 'functional account 1': { AccountName: 'svc', DomainName: 'LAB' } };
    expect(needsIn(await orderOf(site))).toEqual({});
  });

  it('makes a synced set a unit, whose parent changes first', async () => {
    const site = await open({ synced: [[2004, 2001, 2009]] });
    const order = await orderOf(site);
    expect(unitsIn(order)).toEqual({ 2001: '2004', 2004: '2004', 2009: '2004' });
    expect(needsIn(order)).toEqual({ 2001: ['2004'], 2009: ['2004'] });
    // The parent is not in question.
    expect(unitsIn(await orderOf(site, { count: 2 }))).toEqual({ 2001: '2004' });
  });

  it('refuses a pair whose accounts are synced, with each other or with another account', async () => {
    const site = await open({ synced: [[2001, 2003]] });
    const { placements } = await site.vault.session(async (session) => {
      const order = session.rotation?.({ source: 'pairs' }, [])?.order;
      if (order === undefined) throw new Error('The vault has no order.');
      const accounts = site.simulator.accounts().map((account) => itemOf(account));
      const pairOf = (...positions: readonly number[]) => ({
        ...{ ref: { kind: 'pair', id: positions.join() }, title: 'pair', handle: {} },
        members: positions.flatMap((position) => accounts[position] ?? []),
      });
      return order([pairOf(0, 2), pairOf(0, 4), pairOf(6, 8)]);
    });
    expect(placements.map(({ refusal }) => refusal?.name)).toEqual(['ChangeRefused', 'ChangeRefused', undefined]);
  });

  it('refuses the accounts of the relay, and what is synced with one', async () => {
    const relay = { accountName: 'svc-relay', domainName: 'CORP' };
    const site = await open({ fleet: named(3, relay), synced: [[2004, 2001]] });
    for (const user of ['CORP\\svc-relay', 'svc-relay', 'SVC-RELAY@corp.example']) {
      expect(refusedIn(await orderOf(site, { relayUsers: [user] }))).toEqual(['2001', '2004']);
      // The account of the relay is not in question.
      expect(refusedIn(await orderOf(site, { relayUsers: [user], count: 2 }))).toEqual(['2001']);
    }
    expect(refusedIn(await orderOf(site, { relayUsers: ['LAB\\svc-relay'] }))).toEqual([]);
    const { placements } = await orderOf(site, { relayUsers: ['svc-relay'] });
    expect(placements[3]?.refusal).toMatchObject({ name: 'ChangeRefused', retryable: false });
    expect(placements[3]?.refusal?.message).toContain('select: { accounts: ["!svc-relay"] }');
    // The account is refused again before its change.
    await site.vault.session(async (session) => {
      const rotation = session.rotation?.(ACCOUNTS, ['svc-relay']);
      const inspected = await rotation?.inspect(itemOf({ systemId: 2, accountId: 2004 }));
      expect(inspected?.refusal?.name).toBe('ChangeRefused');
    });
  });

  it('refuses keys that the vault would not change', async () => {
    const site = await open({ fleet: named(0, { dssKey: 'rsa' }) });
    site.simulator.switches.oddRows = {
      'system 2': { DSSKeyRuleID: 7 },
      'managed account 2003': { DSSAutoManagementFlag: true },
    };
    const keys = { source: 'accounts', credential: 'dsskey' };
    const usable = '2003';
    expect(refusedIn(await orderOf(site, { rule: keys }))).toEqual(
      FLEET.map(({ accountId }) => String(accountId)).filter((id) => id !== usable),
    );
  });

  it('says what is unknown where the user may not read the systems', async () => {
    const site = await open({ users: [{ ...ROTATOR, roles: ['requestor', 'account-management'] }] });
    for (const count of [2, 12]) {
      const { placements, incomplete } = await orderOf(site, { count });
      expect([placements.length, incomplete?.name]).toEqual([count, 'PermissionMissing']);
      expect(incomplete?.message).toContain('Password Safe System Management');
    }
  });

  it('is no order if the user may not read the accounts', async () => {
    const site = await open({ users: [{ ...ROTATOR, roles: ['requestor', 'system-management'] }] });
    const failure = await site.failureOf(orderOf(site));
    expect([failure.name, failure.message]).toEqual([
      'PermissionMissing',
      expect.stringContaining('Password Safe Account Management'),
    ]);
  });

  it('refuses an account that cannot be read alone, and keeps the others', async () => {
    const site = await open();
    site.simulator.switches.oddRows = { 'managed account 2003': { ManagedAccountID: 'none' } };
    expect(refusedIn(await orderOf(site))).toEqual(['2003']);
    site.simulator.switches.oddRows = { 'system 2': { LoginAccountID: 'none' } };
    const { placements, incomplete } = await orderOf(site);
    expect([placements.length, incomplete?.name]).toEqual([12, 'AnswerMalformed']);
  });
});

it.each([
  [{ type: 'api-key' }, [DEFAULT_APPLICATION.userName]],
  [{ type: 'oauth' }, []],
  [{ type: 'oauth', runAs: 'CORP\\svc-relay' }, ['CORP\\svc-relay']],
] as const)(
  'a connection by %j knows the users whose credentials it needs, without a call',
  async (authentication, users) => {
    const { vault, simulator } = await openRelaySite({ authentication });
    expect(await vault.users?.()).toEqual(users);
    expect(simulator.audit).toEqual([]);
  },
);

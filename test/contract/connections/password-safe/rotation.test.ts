import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { changingOf } from '#shared/connections/password-safe/changes.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { ACCOUNTS, itemOf, listAll, openSite, pick, type TestSite } from './site.ts';

const ROTATOR = {
  ...DEFAULT_APPLICATION,
  roles: [...DEFAULT_APPLICATION.roles, 'account-management', 'system-management'] as const,
};
const ALIASES: Source = { source: 'aliases' };
const KEYS: Source = { source: 'accounts', credential: 'dsskey' };

const open = (options: PasswordSafeOptions = {}) => openSite({ users: [ROTATOR], ...options });

const inRotation = <T>(site: TestSite, rule: Source, work: (rotation: Rotation, items: Item[]) => Promise<T>) =>
  site.vault.session(async (session) => {
    const rotation = session.rotation?.(rule);
    if (rotation === undefined) throw new Error('The source has no rotation.');
    return work(rotation, (await listAll(session, rule)).items);
  });

/** Number of calls that some work makes. */
const callsOf = async ({ simulator }: TestSite, work: () => Promise<unknown>): Promise<number> => {
  const before = simulator.audit.length;
  await work();
  return simulator.audit.length - before;
};

describe('a rotation of accounts', () => {
  it('takes at most five calls per account, and one per page of states', async () => {
    const site = await open({ switches: { largestPage: 13, accountList: 'counted' } });
    await inRotation(site, KEYS, async (rotation, items) => {
      const item = itemOf(pick(site));
      const one = await callsOf(site, async () => {
        await rotation.inspect(item);
        await rotation.change(item, { queue: true });
        await rotation.state(item);
        await rotation.test?.(item);
      });
      expect(one).toBeLessThanOrEqual(5);
      const listed = await callsOf(site, async () => expect(await rotation.states(items)).toHaveLength(24));
      expect(listed).toBe(2);
      // The pages after the last account are not read.
      expect(await callsOf(site, () => rotation.states(items.slice(0, 5)))).toBe(1);
      // A list of one page takes fewer calls than two accounts.
      expect(await callsOf(site, () => rotation.states(items.slice(0, 2), 1))).toBe(1);
      expect(await callsOf(site, () => rotation.states(items.slice(0, 1), 1))).toBe(1);
    });
  });

  it('of a password takes three calls, beside the list of states', async () => {
    const site = await open();
    await inRotation(site, ACCOUNTS, async (rotation) => {
      const item = itemOf(pick(site));
      const calls = await callsOf(site, async () => {
        await rotation.inspect(item);
        await rotation.change(item, { queue: true });
        await rotation.test?.(item);
      });
      expect(calls).toBe(3);
    });
  });

  it('shows an account that the list lacks as not found, and as unknown if the list is incomplete', async () => {
    const site = await open();
    await inRotation(site, ACCOUNTS, async (rotation, items) => {
      const gone = itemOf({ ...pick(site), accountId: 999_999 });
      const wanted = [...items.slice(0, 5), gone];
      expect((await rotation.states(wanted)).at(-1)?.[1]).toMatchObject({ name: 'NotFound' });
      const odd = items.at(0)?.labels['accountId'];
      site.simulator.switches.oddRows = { [`account ${odd}`]: { SystemName: null } };
      const states = (await rotation.states(wanted)).map(([, state]) => state);
      expect(states.map((state) => state instanceof RelayError || state.changing)).toEqual([
        'unknown',
        ...items.slice(1, 5).map(({ changing }) => changing),
        'unknown',
      ]);
    });
  });

  it('compares a date that cannot be read as text, alike for one account and for many', async () => {
    const site = await open({ switches: { dateFormat: 'en-US' } });
    await inRotation(site, ACCOUNTS, async (rotation, items) => {
      const item = itemOf(pick(site));
      const before = await rotation.state(item);
      expect(before).toEqual({ changing: false, mark: expect.any(String) });
      await rotation.change(item, { queue: false });
      const after = await rotation.state(item);
      expect(after.mark).not.toBe(before.mark);
      const found = (await rotation.states(items)).find(([{ id }]) => id === item.ref.id);
      expect(found?.[1]).toEqual(after);
    });
  });

  it('waits two minutes for a change or a test on the target, and no longer than usual for a queued one', async () => {
    const deadlines: number[] = [];
    const deadline = (ms: number) => {
      deadlines.push(ms);
      return new AbortController().signal;
    };
    const site = await openSite({ users: [ROTATOR] }, { deadline });
    await inRotation(site, ACCOUNTS, async (rotation) => {
      deadlines.length = 0;
      const item = itemOf(pick(site));
      await rotation.change(item, { queue: false });
      await rotation.test?.(item);
      await rotation.change(item, { queue: true });
    });
    expect(deadlines.slice(0, 3)).toEqual([120_000, 120_000, 30_000]);
  });

  it('that the target refuses leaves the outcome open, without a word of the log of the plug-in', async () => {
    const site = await open({ switches: { agentRetries: 1 } });
    await inRotation(site, ACCOUNTS, async (rotation) => {
      const { accountId, ...account } = pick(site);
      const item = itemOf({ ...account, accountId });
      site.simulator.target(accountId).behave({ isReachable: false });
      const failure = await site.failureOf(rotation.change(item, { queue: false }));
      expect(failure).toMatchObject({ name: 'RequestRejected', retryable: false, mayHaveHappened: true });
      expect(failure.message).not.toMatch(/could not be reached|plug-in/);
      expect(site.simulator.changesOf(accountId)).toBe(0);
      // The agent of the vault repeats it on its own.
      site.simulator.target(accountId).behave({ isReachable: true });
      const before = await rotation.state(item);
      site.clock.now += site.simulator.switches.agentRetryMs + site.simulator.switches.changeDelayMs;
      expect(await rotation.state(item)).not.toEqual(before);
      expect(site.simulator.changesOf(accountId)).toBe(1);
    });
  });

  it('knows which accounts the vault changes together', async () => {
    const site = await open({ synced: [[1004, 1005]] });
    await inRotation(site, ACCOUNTS, async (rotation, items) => {
      const [parent, child, other] = [1004, 1005, 1006].map((accountId) => {
        const item = items.find(({ labels }) => labels['accountId'] === String(accountId));
        if (item === undefined) throw new Error('The list lacks the account.');
        return item;
      });
      if (parent === undefined || child === undefined || other === undefined) throw new Error('There are three.');
      const sets = await Promise.all([parent, child, other].map(async (item) => (await rotation.inspect(item)).set));
      expect(sets).toEqual(['1004', '1004', '1006']);
      await rotation.change(child, { queue: true });
      site.clock.now += site.simulator.switches.changeDelayMs;
      expect(await rotation.state(parent)).toEqual(await rotation.state(child));
      expect([1004, 1005, 1006].map((accountId) => site.simulator.changesOf(accountId))).toEqual([1, 1, 0]);
    });
  });

  it('needs the permission, which the error names', async () => {
    const site = await open({ users: [{ ...ROTATOR, readOnly: ['account-management'] }] });
    await inRotation(site, ACCOUNTS, async (rotation) => {
      const item = itemOf(pick(site));
      for (const call of [rotation.change(item, { queue: true }), rotation.test?.(item) ?? Promise.resolve()]) {
        const failure = await site.failureOf(call);
        expect(failure).toMatchObject({ name: 'PermissionMissing', mayHaveHappened: false });
        expect(failure.message).toContain('Password Safe Account Management');
      }
    });
  });
});

describe('a rotation of keys', () => {
  it('is refused where the vault would change the password instead, or does not manage the key', async () => {
    const site = await open({ switches: { keyRuleZero: 'leaves-key' } });
    const key = pick(site, 'odd-credential');
    const keyed = site.simulator.accounts().find(({ dssKey }) => dssKey !== null) ?? key;
    await inRotation(site, KEYS, async (rotation) => {
      const refusalOf = async (account: typeof key) => (await rotation.inspect(itemOf(account))).refusal;
      expect(await refusalOf(keyed)).toMatchObject({ name: 'ChangeRefused', retryable: false });
      expect((await refusalOf(keyed))?.message).toMatch(/Select another DSS key rule/);
      expect((await refusalOf(pick(site)))?.message).toMatch(/Enable DSS auto-management/);
    });
    site.simulator.switches.oddRows = { [`system ${keyed.systemId}`]: { DSSKeyRuleID: 7 } };
    await inRotation(site, KEYS, async (rotation) => {
      expect((await rotation.inspect(itemOf(keyed))).refusal).toBeUndefined();
      // The rule of a system is read once.
      expect(await callsOf(site, () => rotation.inspect(itemOf(keyed)))).toBe(1);
    });
    site.simulator.switches.oddRows = {};
    await inRotation(site, ACCOUNTS, async (rotation) => {
      expect((await rotation.inspect(itemOf(keyed))).refusal).toBeUndefined();
    });
  });
});

describe('the accounts of an alias', () => {
  it('are the one it points at and all others, for any accounts and any duplicates', async () => {
    const site = await open({ aliases: [{ aliasId: 31, aliasName: 'payments', accountIds: [1001] }] });
    await inRotation(site, ALIASES, async (rotation, [alias]) => {
      if (alias === undefined) throw new Error('There is no alias.');
      const failure = await rotation.state(alias).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringMatching(/^payments .*stands for several accounts\. Change one of them/),
      });
      const ids = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(ids, fc.option(fc.integer({ min: 1, max: 4 })), async (accounts, active) => {
          const rows = accounts.map((id) => ({ ManagedSystemID: 7, ManagedAccountID: id, Status: 'any' }));
          site.simulator.switches.oddRows = { 'alias 31': { AccountId: active, MappedAccounts: rows } };
          const pair = rotation.pair?.(alias) ?? Promise.reject(new Error('It has no pairs.'));
          if (accounts.length > 0 && !accounts.some((id) => id === active)) {
            expect((await site.failureOf(pair)).name).toBe('AnswerMalformed');
            return;
          }
          const found = await pair;
          expect(found.active?.ref.id).toBe(accounts.length === 0 ? undefined : `7:${active}`);
          expect(found.standby.map(({ ref }) => ref.id)).toEqual(
            accounts.filter((id) => id !== active).map((id) => `7:${id}`),
          );
        }),
        { numRuns: 30 },
      );
    });
  });
});

it('a state of changes is idle only if the vault says so', () => {
  const flag = fc.constantFrom(true, false, null, undefined);
  fc.assert(
    fc.property(fc.option(fc.integer(), { nil: undefined }), flag, (ChangeState, IsChanging) => {
      const isKnown = ChangeState !== undefined || typeof IsChanging === 'boolean';
      const isIdle = (ChangeState ?? 0) === 0 && IsChanging !== true;
      expect(changingOf({ ChangeState, IsChanging })).toBe(isKnown ? !isIdle : 'unknown');
    }),
  );
});

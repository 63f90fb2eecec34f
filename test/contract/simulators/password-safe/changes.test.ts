import { describe, expect, test } from 'vitest';
import type { Switches } from '#local/simulators/password-safe/switches.ts';
import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import { APPLICATION, fleetOf, MINUTE_MS, startSite } from './site.ts';

const MANAGER = { ...APPLICATION, roles: [...APPLICATION.roles, 'isa', 'account-management'] as const };
const HOUR_MS = 60 * MINUTE_MS;
const VENDOR_AGENT: Partial<Switches> = { agentCycleMs: MINUTE_MS, agentBatch: 5 };

/** A site with accounts on one kind of target. */
const start = async (switches: Partial<Switches>, behaviour: Partial<TargetBehaviour> = {}, accounts = 1) => {
  const fleet = fleetOf(...Array.from({ length: accounts }, () => ({})));
  const site = await startSite({ fleet, users: [MANAGER], switches: { dateFormat: 'Z', ...switches } });
  const caller = await site.signIn(MANAGER);
  for (const { accountId } of fleet) site.simulator.target(accountId).behave(behaviour);
  const pathOf = (call: string, index: number) => `ManagedAccounts/${fleet[index]?.accountId}/Credentials/${call}`;
  return {
    ...site,
    change: async (fields: object = {}, index = 0) => (await caller.post(pathOf('Change', index), fields)).status,
    logOn: async (index = 0) => {
      const { status, text } = await caller.post(pathOf('Test', index), {});
      return status === 200 ? JSON.parse(text).Success : status;
    },
    row: async (index = 0) => JSON.parse((await caller.get(`ManagedAccounts/${fleet[index]?.accountId}`)).text),
    changes: () => fleet.map(({ accountId }) => site.simulator.changesOf(accountId)),
    target: site.simulator.target(fleet[0]?.accountId ?? 0),
  };
};

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

describe('the change agent', () => {
  test('makes a batch of the queued changes per cycle', async () => {
    const { change, changes, pass } = await start(VENDOR_AGENT, {}, 12);
    for (let index = 0; index < 12; index += 1) await change({ Queue: true }, index);
    const perCycle: number[] = [];
    for (let cycle = 0; cycle < 4; cycle += 1) {
      pass(MINUTE_MS);
      perCycle.push(total(changes()));
    }
    expect(perCycle).toEqual([5, 10, 12, 12]);
  });

  test('repeats a failed change later and without a sign of it, up to its maximum', async () => {
    const run = await start({ ...VENDOR_AGENT, agentRetries: 2, agentRetryMs: 10 * MINUTE_MS }, { isReachable: false });
    expect(await run.change()).toBe(400);
    expect(await run.row()).toMatchObject({ ChangeState: 0 });
    run.pass(11 * MINUTE_MS);
    expect([(await run.row()).ChangeState, run.changes()]).toEqual([0, [0]]);
    run.target.behave({ isReachable: true });
    run.pass(11 * MINUTE_MS);
    expect(run.changes()).toEqual([1]);
    run.target.behave({ isReachable: false });
    expect(await run.change({ Queue: true })).toBe(204);
    run.pass(HOUR_MS);
    expect(run.changes()).toEqual([1]);
    run.target.behave({ isReachable: true });
    run.pass(HOUR_MS);
    expect(run.changes()).toEqual([1]);
  });

  test.each([
    ['always', true, 0],
    ['if-unreachable', true, 1],
    ['if-unreachable', false, 0],
  ] as const)(
    'with Queue %s takes the change of a target that is reachable (%s)',
    async (queuedChange, isReachable, now) => {
      const run = await start({ queuedChange }, { isReachable });
      expect([await run.change({ Queue: true }), run.changes()]).toEqual([204, [now]]);
    },
  );
});

test('a generated password follows the rule of the account', async () => {
  const { simulator, signIn, change } = await start({});
  const [{ accountId = 0 } = {}] = simulator.accounts();
  await change();
  const rule = JSON.parse((await (await signIn(MANAGER)).get('PasswordRules/0')).text);
  const password = simulator.credentialOf(accountId);
  expect(password.length).toBeGreaterThanOrEqual(rule.MinimumLength);
  expect(password.length).toBeLessThanOrEqual(rule.MaximumLength);
  const symbols = [...password].filter((character) => !/[a-z0-9]/i.test(character));
  expect([/^[a-z0-9]/i, /[a-z]/, /[A-Z]/, /\d/].every((part) => part.test(password))).toBe(true);
  expect(symbols.length > 0 && symbols.every((symbol) => rule.ValidSymbols.includes(symbol))).toBe(true);
});

describe('a target', () => {
  test.each([
    ['once', [1, 1]],
    ['never', [0, 0]],
    ['late', [0, 1]],
    ['twice', [1, 2]],
  ] as const)('that changes %s has %j changes at once and later, after the same answer', async (changes, expected) => {
    const run = await start({}, { changes, lateMs: 10 * MINUTE_MS });
    expect(await run.change()).toBe(204);
    const [atOnce] = run.changes();
    expect(await run.row()).toMatchObject({ ChangeState: 0 });
    run.pass(10 * MINUTE_MS);
    expect([atOnce, ...run.changes()]).toEqual(expected);
  });

  test('counts log-ons, and locks the account after failures in a row', async () => {
    const { logOn, target } = await start({}, { acceptsCredential: false, locksAfter: 2 });
    expect(await logOn()).toBe(false);
    target.behave({ acceptsCredential: true });
    expect([await logOn(), target.isLocked]).toEqual([true, false]);
    target.behave({ acceptsCredential: false });
    expect([await logOn(), await logOn(), target.isLocked]).toEqual([false, false, true]);
    target.behave({ acceptsCredential: true });
    expect([await logOn(), target.logOns]).toEqual([false, 5]);
    target.behave({ isReachable: false });
    expect([await logOn(), target.logOns]).toEqual([400, 5]);
  });
});

describe('synced accounts', () => {
  const FLEET = fleetOf({}, {}, {});
  const [parent = 0, child = 0, other = 0] = FLEET.map(({ accountId }) => accountId);
  const path = (of: number, account?: number) =>
    `ManagedAccounts/${of}/SyncedAccounts${account === undefined ? '' : `/${account}`}`;

  test('change together with any of them, until one leaves the set', async () => {
    const { simulator, signIn } = await startSite({ fleet: FLEET, users: [MANAGER] });
    const caller = await signIn(MANAGER);
    const changeOf = (account: number) => caller.post(`ManagedAccounts/${account}/Credentials/Change`, {});
    const changes = () => [parent, child, other].map((account) => simulator.changesOf(account));
    const synced = async () =>
      JSON.parse((await caller.get(path(parent))).text).map(
        (row: { ManagedAccountID: number }) => row.ManagedAccountID,
      );
    expect((await caller.post(path(parent, child), {})).status).toBe(201);
    expect((await caller.post(path(parent, other), {})).status).toBe(201);
    expect(await synced()).toEqual([child, other]);
    await changeOf(child);
    expect(changes()).toEqual([1, 1, 1]);
    expect((await caller.call('DELETE', path(parent, other))).status).toBe(200);
    await changeOf(parent);
    expect([await synced(), changes()]).toEqual([[child], [2, 2, 1]]);
    expect((await caller.call('DELETE', path(parent, child))).status).toBe(200);
    await changeOf(parent);
    expect([await synced(), changes()]).toEqual([[], [3, 2, 1]]);
  });

  test('have one parent, which is in no other set', async () => {
    const { signIn } = await startSite({ fleet: FLEET, users: [MANAGER], synced: [[parent, child]] });
    const caller = await signIn(MANAGER);
    const statuses = [
      await caller.post(path(child, other), {}),
      await caller.post(path(other, parent), {}),
      await caller.post(path(other, other), {}),
      await caller.post(path(parent, 999_999), {}),
      await caller.call('DELETE', path(parent, other)),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 400, 404, 404]);
  });
});

test('a change fails while the target refuses the login account of the system', async () => {
  const fleet = fleetOf({}, {});
  const [account, login] = fleet;
  if (account === undefined || login === undefined) throw new Error('The fleet is too small.');
  const user = { ...MANAGER, roles: [...MANAGER.roles, 'system-management'] as const };
  const { simulator, signIn } = await startSite({ fleet, users: [user] });
  const caller = await signIn(user);
  const change = async () => (await caller.post(`ManagedAccounts/${account.accountId}/Credentials/Change`, {})).status;
  const system = await caller.put(`ManagedSystems/${account.systemId}`, { LoginAccountID: login.accountId });
  expect([system.status, await change()]).toEqual([200, 204]);
  simulator.target(login.accountId).behave({ acceptsCredential: false });
  expect([await change(), simulator.changesOf(account.accountId)]).toEqual([400, 1]);
});

describe('the propagation of a credential', () => {
  test.each([
    ['hidden', 0, '2026-03-01T12:00:00Z'],
    ['delays-state', 1, '2026-03-01T12:00:00Z'],
    ['delays-date', 0, 'before'],
  ] as const)('that is %s shows the state %i and the date %s until its end', async (propagation, state, date) => {
    const run = await start({ propagation, propagationMs: 2 * MINUTE_MS });
    const { LastChangeDate: before } = await run.row();
    await run.change();
    const shown = date === 'before' ? before : date;
    expect(await run.row()).toMatchObject({ ChangeState: state, LastChangeDate: shown });
    run.pass(2 * MINUTE_MS);
    expect(await run.row()).toMatchObject({ ChangeState: 0, LastChangeDate: '2026-03-01T12:00:00Z' });
  });
});

test.each([
  ['changes-key', true],
  ['leaves-key', false],
] as const)('a change under the key rule 0 that %s gives a new key: %s', async (keyRuleZero, isNew) => {
  const [account] = fleetOf({ dssKey: 'rsa' });
  if (account === undefined) throw new Error('The fleet is empty.');
  const site = await startSite({ fleet: [account], users: [MANAGER], switches: { keyRuleZero } });
  const caller = await site.signIn(MANAGER);
  const keyOf = async () => {
    const fields = { SystemID: account.systemId, AccountID: account.accountId };
    const { status, text } = await caller.post('ISARequests?type=dsskey', fields);
    expect(status).toBe(201);
    return text;
  };
  const before = await keyOf();
  await caller.post(`ManagedAccounts/${account.accountId}/Credentials/Change`, {});
  expect(site.simulator.changesOf(account.accountId)).toBe(1);
  expect((await keyOf()) !== before).toBe(isNew);
});

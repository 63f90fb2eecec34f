import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { leasesOf } from '#test/support/people.ts';
import { termsOf } from '#test/support/terms.ts';

let world: CheckoutWorld;
let first: FleetAccount;
let second: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({ rule: { rotateOnCheckIn: false } });
  first = world.plain(0);
  second = world.plain(1);
  await world.runSync();
});
afterAll(() => world.close());
afterEach(async () => {
  world.vault.faults.clear();
  expect(world.vault.openRequests()).toEqual([]);
  expect(await world.unclosedForGood()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
});

const openBy = (id: string): number =>
  world.vault.openRequests().filter(({ reason }) => reason.includes(`/${world.runOf(id)}/`)).length;

/** Output of one run of the sync. */
const runSync = async (): Promise<unknown> => world.finish(await world.runSync());

/** Checks out an account as Alice. @returns her check-in. */
const checkOutAsAlice = async (account: FleetAccount): Promise<() => Promise<void>> => {
  const terms = termsOf({ minutes: 600, reason: 'Looking around' });
  const { id } = await world.asAlice((session) => leasesOf(session).open(itemOf(account), terms));
  return () => world.asAlice(async (session) => void (await leasesOf(session).close(id, 'Done')));
};

describe('a checkout of several accounts', () => {
  it('delivers none of them before all are granted', async () => {
    const checkIn = await checkOutAsAlice(second);
    const execution = world.checkOut('all', [second, first]);
    await world.waits(execution);
    world.advance(30);
    await world.waits(execution);
    expect(openBy('all')).toBe(1);
    expect(world.delivered('all')).toEqual({});

    await checkIn();
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(Object.values(world.delivered('all')).sort()).toEqual([first, second].map(world.credentialOf).sort());
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(world.delivered('all')).toEqual({});
  });

  it('waits for the other when two of them request the same accounts in a different order', async () => {
    const executions = [world.checkOut('there', [first, second]), world.checkOut('back', [second, first])] as const;
    await Promise.all(executions.map(world.waits));
    expect([openBy('there'), openBy('back')].sort()).toEqual([0, 2]);
    const [winner, loser] = openBy('there') === 2 ? executions : ([executions[1], executions[0]] as const);

    expect(await world.finish(winner)).toEqual({ status: 'completed', notes: [] });
    expect(await world.finish(loser)).toEqual({ status: 'completed', notes: [] });
  });
});

describe('two checkouts of one account', () => {
  it('get it one after the other, and neither closes the request of the other', async () => {
    const earlier = world.checkOut('earlier', [first]);
    await world.waits(earlier);
    const later = world.checkOut('later', [first]);
    await world.waits(later);
    expect([openBy('earlier'), openBy('later')]).toEqual([1, 0]);
    expect(world.delivered('later')).toEqual({});

    const release = await world.release('later');
    await world.finish(release);
    expect(openBy('earlier')).toBe(1);
    expect(Object.values(world.delivered('earlier'))).toEqual([world.credentialOf(first)]);
    expect(await world.finish(later)).toMatchObject({ status: 'cancelled' });
    expect(openBy('earlier')).toBe(1);

    const last = world.checkOut('last', [first]);
    await world.waits(last);
    expect(await world.finish(earlier)).toEqual({ status: 'completed', notes: [] });
    // Its retry coincides with the end of the other: either this retry is granted or the next one.
    await world.waitsUntil(last, () => openBy('last') === 1);
    expect([openBy('earlier'), openBy('last')]).toEqual([0, 1]);
    expect(await world.waits(last)).toBeCloseTo(60, 0);
    expect(await world.finish(last)).toEqual({ status: 'completed', notes: [] });
  });

  it('keep the second waiting until the first ends', async () => {
    const long = world.checkOut('long', [first], { window: { minutes: 480 } });
    await world.waits(long);
    const until = new Date(world.clock.now() + 120 * 60_000).toISOString();
    const short = world.checkOut('short', [first], { window: { until } });
    expect(await world.finish(short)).toMatchObject({ status: 'expired' });
    expect(openBy('long')).toBe(1);
    expect(await world.finish(long)).toEqual({ status: 'completed', notes: [] });
    expect(await world.notifications('short')).toHaveLength(1);
  });
});

describe('a checkout and a sync of one account', () => {
  it('do not share the request of the checkout: the sync reads after it has ended', async () => {
    const execution = world.checkOut('held', [first]);
    await world.waits(execution);
    world.vault.changeCredential(first.accountId);
    const reads = world.callsFor('Credentials/{id}', first);
    // One account of the fleet cannot be requested at all.
    expect(await runSync()).toMatchObject({ delivered: 0, failed: 2 });
    expect(world.callsFor('Credentials/{id}', first)).toBe(reads);
    expect(openBy('held')).toBe(1);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(await runSync()).toMatchObject({ delivered: 1, failed: 1 });
    expect(world.callsFor('Credentials/{id}', first)).toBe(reads + 1);
  });

  it('take turns when the sync is already reading', async () => {
    // A change soon after a check-in of the sync counts as caused by the check-in.
    world.advance(120);
    world.vault.changeCredential(first.accountId);
    const reads = world.callsFor('Credentials/{id}', first);
    world.vault.faults.add({ kind: 'credential', effect: { type: 'endless' } });
    const sync = world.runSync();
    await vi.waitFor(() => expect(world.callsFor('Credentials/{id}', first)).toBe(reads + 1), { timeout: 30_000 });

    const execution = world.checkOut('patient', [first]);
    await world.waits(execution);
    expect(openBy('patient')).toBe(0);
    const release = await world.release('patient');
    await world.finish(release);
    expect(world.vault.openRequests()).toHaveLength(1);

    await world.aws.functions.kill('local-sync-retrieve');
    expect(await sync).toMatchObject({ status: 'SUCCEEDED' });
    expect(world.vault.openRequests()).toEqual([]);
    expect(await world.finish(execution)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a person in the vault', () => {
  it('who has the account keeps it, and the checkout begins after the check-in', async () => {
    const checkIn = await checkOutAsAlice(first);
    const execution = world.checkOut('after-alice', [first]);
    await world.waits(execution);
    world.advance(120);
    await world.waits(execution);
    expect(world.vault.openRequests()).toMatchObject([{ user: { userName: 'CORP\\alice' } }]);

    await checkIn();
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(openBy('after-alice')).toBe(1);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  });

  it('who denies a request during the read ends the checkout', async () => {
    const reads = world.callsFor('Credentials/{id}', first);
    world.vault.faults.add({ kind: 'credential', effect: { type: 'endless' } });
    const execution = world.checkOut('ended', [first]);
    await vi.waitFor(() => expect(world.callsFor('Credentials/{id}', first)).toBe(reads + 1), { timeout: 30_000 });
    for (const { requestId } of world.vault.openRequests()) world.vault.deny(requestId);
    await world.aws.functions.kill('local-checkout-retrieve');
    expect(await world.finish(execution)).toMatchObject({ status: 'denied' });
    expect(world.delivered('ended')).toEqual({});
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld, vary } from '#test/support/checkout-world.ts';
import { SENDER } from '#test/support/checkouts.ts';

const MINUTE_MS = 60_000;

let world: CheckoutWorld;
let account: FleetAccount;
let withShortRelease: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({ populate: vary({}, { maximumReleaseMinutes: 90 }), rule: { confirmMinutes: 10 } });
  account = world.plain(0);
  withShortRelease = world.plain(1);
});
afterAll(() => world.close());

const expectNothingLeft = async (id: string) => {
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(world.delivered(id)).toEqual({});
  expect(await world.unclosedForGood()).toEqual([]);
};

describe('a checkout', () => {
  it('opens an account for its window, delivers, and closes everything at the end', async () => {
    const before = world.credentialOf(account);
    const execution = world.checkOut('CHG1', [account], { ticket: 'CHG1' });

    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(world.vault.openRequests()).toMatchObject([
      { status: 'active', ticket: { number: 'CHG1' }, reason: expect.stringContaining('Replace a disk [local.') },
    ]);
    expect(Object.values(world.delivered('CHG1'))).toEqual([before]);
    expect(await world.unclosed()).toEqual([`open/${RULE}/${world.runOf('CHG1')}`]);

    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    await expectNothingLeft('CHG1');
    expect(await world.reportOf('CHG1')).toMatchObject({
      status: 'completed',
      id: 'CHG1',
      principal: SENDER,
      ticket: 'CHG1',
      reason: 'Replace a disk',
      items: [`${account.systemName}/${account.accountName}`],
      deliveredAt: expect.any(String),
    });
    expect(await world.notifications('CHG1')).toEqual([]);
  });

  it('waits for the start of its window, and requests nothing before', async () => {
    const from = new Date(world.clock.now() + 90 * MINUTE_MS).toISOString();
    const execution = world.checkOut('later', [account], { window: { from, minutes: 30 } });
    expect(await world.waits(execution)).toBeCloseTo(90, 0);
    expect(world.vault.openRequests()).toEqual([]);

    world.advance(90);
    expect(await world.waits(execution)).toBeCloseTo(30, 0);
    expect(Object.values(world.delivered('later'))).toEqual([world.credentialOf(account)]);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    await expectNothingLeft('later');
  });

  it('ends at the requested time', async () => {
    const until = new Date(world.clock.now() + 45 * MINUTE_MS).toISOString();
    const execution = world.checkOut('until', [account], { window: { until } });
    expect(await world.waits(execution)).toBeCloseTo(45, 0);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    await expectNothingLeft('until');
  });
});

describe('a release', () => {
  it('closes a checkout at once; the checkout ends later, and reports', async () => {
    const before = world.credentialOf(account);
    const execution = world.checkOut('early', [account]);
    await world.waits(execution);
    world.advance(5);

    const release = await world.release('early');
    expect(await world.waits(release)).toBeLessThan(1);
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.delivered('early')).toEqual({});
    expect(await world.finish(release)).toEqual({ status: 'released', notes: [] });
    expect(world.credentialOf(account)).not.toBe(before);
    // The checkout itself reports, when it wakes.
    expect(await world.reportOf('early')).toBeUndefined();

    world.advance(60);
    expect(await world.waits(execution)).toBeUndefined();
    expect(await world.finish(execution)).toEqual({ status: 'released', notes: [] });
    expect(await world.reportOf('early')).toMatchObject({ status: 'released', deliveredAt: expect.any(String) });
    expect(await world.notifications('early')).toEqual([]);
    await expectNothingLeft('early');
  });

  it('that arrives before its request keeps the account closed', async () => {
    const requestsBefore = world.callsFor('Requests', account);
    const release = await world.release('crossed');
    expect(await world.finish(release)).toEqual({ status: 'cancelled', notes: [] });

    const execution = world.checkOut('crossed', [account]);
    expect(await world.finish(execution)).toEqual({ status: 'cancelled', notes: [] });
    expect(world.callsFor('Requests', account)).toBe(requestsBefore);
    await expectNothingLeft('crossed');
  });

  it('that arrives before the window keeps the account closed', async () => {
    const requestsBefore = world.callsFor('Requests', account);
    const from = new Date(world.clock.now() + 90 * MINUTE_MS).toISOString();
    const execution = world.checkOut('called-off', [account], { window: { from, minutes: 30 } });
    await world.waits(execution);
    const release = await world.release('called-off');
    // Nothing was delivered: there is no change to wait for.
    expect(await world.waits(release)).toBeUndefined();
    expect(await world.finish(release)).toEqual({ status: 'cancelled', notes: [] });
    expect(await world.finish(execution)).toEqual({ status: 'cancelled', notes: [] });
    expect(world.callsFor('Requests', account)).toBe(requestsBefore);
    await expectNothingLeft('called-off');
  });

  it('that arrives between the request and the read leaves nothing delivered', async () => {
    const reads = () => world.callsFor('Credentials/{id}', account);
    const before = reads();
    world.vault.faults.add({ kind: 'credential', effect: { type: 'endless' } });
    const execution = world.checkOut('between', [account]);
    await vi.waitFor(() => expect(reads()).toBe(before + 1), { timeout: 30_000 });

    const release = await world.release('between');
    expect(await world.finish(release)).toMatchObject({ status: 'cancelled' });
    await world.aws.functions.kill('local-checkout-retrieve');
    expect(await world.finish(execution)).toMatchObject({ status: 'cancelled' });
    // A killed process cannot sign out: its session times out.
    world.advance(20);
    await expectNothingLeft('between');
  });

  it('of a finished checkout changes nothing', async () => {
    const execution = world.checkOut('over', [account], { window: { minutes: 10 } });
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    const report = await world.reportOf('over');
    const release = await world.release('over');
    expect(await world.waits(release)).toBeUndefined();
    expect(await world.finish(release)).toEqual({ status: 'completed', notes: [] });
    expect(await world.reportOf('over')).toEqual(report);
    await expectNothingLeft('over');
  });
});

describe('an extension', () => {
  const inMinutes = (minutes: number): number => world.clock.now() + minutes * MINUTE_MS;

  it('lengthens a window, and never shortens it', async () => {
    const execution = world.checkOut('longer', [account]);
    await world.waits(execution);
    const delivered = world.clock.now();
    await world.extend('longer', inMinutes(20));
    await world.extend('longer', inMinutes(90));
    await world.extend('longer', inMinutes(70));
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(30, 0);
    expect(Object.values(world.delivered('longer'))).toEqual([world.credentialOf(account)]);

    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(world.clock.now() - delivered).toBeGreaterThanOrEqual(90 * MINUTE_MS);
    await expectNothingLeft('longer');
  });

  it('goes no further than the rule allows', async () => {
    const execution = world.checkOut('endless', [account]);
    await world.waits(execution);
    await world.extend('endless', inMinutes(6000));
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  });

  it('goes no further than the vault has granted', async () => {
    const execution = world.checkOut('granted', [withShortRelease]);
    await world.waits(execution);
    await world.extend('granted', inMinutes(120));
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(30, 0);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    await expectNothingLeft('granted');
  });
});

it('no credential is anywhere but in the store', async () => {
  expect(await world.findLeaks()).toEqual([]);
});

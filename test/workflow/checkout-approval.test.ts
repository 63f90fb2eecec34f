import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Execution } from '#local/aws/step-functions/step-functions.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, DAY_MINUTES, startCheckoutWorld, vary } from '#test/support/checkout-world.ts';

let world: CheckoutWorld;
let approved: FleetAccount;
let withShortRelease: FleetAccount;
let open: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({
    rule: { approvalHours: 30, confirmMinutes: 10 },
    populate: (fleet) => {
      const policy = fleet.find(({ kind }) => kind === 'approval')?.policy ?? null;
      return vary({ policy }, { policy, maximumReleaseMinutes: 180 })(fleet);
    },
  });
  approved = world.plain(0);
  withShortRelease = world.plain(1);
  open = world.plain(2);
});
afterAll(() => world.close());
afterEach(async () => {
  world.vault.faults.clear();
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.unclosedForGood()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
});

const pendingId = (): number => {
  const [request] = world.vault.openRequests().filter(({ status }) => status === 'pending');
  if (request === undefined) throw new Error('Nothing waits for an approval.');
  return request.requestId;
};

/** Advances the clock from check to check, and returns the waits between them in minutes. */
const passTime = async (execution: Execution, minutes: number): Promise<number[]> => {
  const until = world.clock.now() + minutes * 60_000;
  const waits: number[] = [];
  for (;;) {
    const wait = await world.waits(execution);
    if (wait === undefined) throw new Error('The execution ended before that time.');
    if (world.clock.now() >= until) return waits;
    waits.push(wait);
    world.clock.advance(Math.ceil(wait * 60_000));
  }
};

describe('an approval', () => {
  it('of one of two accounts delivers both, however long it takes, even across outages of the vault', async () => {
    const execution = world.checkOut('both', [approved, open]);
    await world.waits(execution);
    expect(
      world.vault
        .openRequests()
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['active', 'pending']);
    await passTime(execution, 6 * 60);
    for (const kind of ['token', 'signIn', 'listRequests'] as const) {
      world.vault.faults.add({ kind, times: 1000, effect: { type: 'status', status: 503 } });
    }
    const waits = await passTime(execution, 30);
    expect(waits.length).toBeGreaterThan(1);
    world.vault.faults.clear();
    expect(world.delivered('both')).toEqual({});

    world.vault.approve(pendingId());
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(Object.values(world.delivered('both')).sort()).toEqual(
      [world.credentialOf(approved), world.credentialOf(open)].sort(),
    );
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  });
});

describe('a checkout that is not approved', () => {
  it('ends as denied when an approver denies it, and sends an alert', async () => {
    const before = world.credentialOf(approved);
    const execution = world.checkOut('no', [approved, open]);
    await world.waits(execution);
    world.vault.deny(pendingId());
    world.advance(60);

    // Nothing was delivered: there is no change to wait for.
    expect(await world.waits(execution)).toBeUndefined();
    expect(await world.finish(execution)).toMatchObject({
      status: 'denied',
      notes: [expect.stringContaining('denied')],
    });
    expect(world.delivered('no')).toEqual({});
    expect(world.credentialOf(approved)).toBe(before);
    expect(await world.reportOf('no')).toMatchObject({ status: 'denied' });
    expect(await world.reportOf('no')).not.toHaveProperty('deliveredAt');
    expect(await world.notifications('no')).toEqual([expect.stringContaining('checkout tickets.no denied')]);
  });

  it('ends as expired at the deadline, and sends an alert', async () => {
    const reads = world.callsFor('Credentials/{id}', approved);
    const execution = world.checkOut('unanswered', [approved]);
    const begun = world.clock.now();
    expect(await world.finish(execution)).toMatchObject({ status: 'expired', notes: [expect.any(String)] });
    expect((world.clock.now() - begun) / 3_600_000).toBeCloseTo(30, 0);
    expect(world.callsFor('Credentials/{id}', approved)).toBe(reads);
    expect(await world.reportOf('unanswered')).toMatchObject({ status: 'expired' });
    expect(await world.notifications('unanswered')).toEqual([
      expect.stringContaining('checkout tickets.unanswered expired'),
    ]);
  });

  it('ends as expired when the request expires in the vault before the deadline', async () => {
    const execution = world.checkOut('short', [withShortRelease]);
    const begun = world.clock.now();
    expect(await world.finish(execution)).toMatchObject({ status: 'expired' });
    expect((world.clock.now() - begun) / 3_600_000).toBeLessThan(4);
    expect(await world.notifications('short')).toEqual([expect.stringContaining('checkout tickets.short expired')]);
  });

  it('ends as expired when its window ends before an approval', async () => {
    const until = new Date(world.clock.now() + 120 * 60_000).toISOString();
    const execution = world.checkOut('too-late', [approved], { window: { until } });
    const begun = world.clock.now();
    expect(await world.finish(execution)).toMatchObject({ status: 'expired' });
    expect((world.clock.now() - begun) / 60_000).toBeCloseTo(120, 0);
  });

  it('ends as cancelled when it is released before an approval, and sends no alert', async () => {
    const execution = world.checkOut('never-mind', [approved]);
    await world.waits(execution);
    const release = await world.release('never-mind');
    expect(await world.waits(release)).toBeUndefined();
    expect(world.vault.openRequests()).toEqual([]);
    expect(await world.finish(release)).toEqual({ status: 'cancelled', notes: [] });
    world.advance(60);
    expect(await world.finish(execution)).toEqual({ status: 'cancelled', notes: [] });
    expect(await world.reportOf('never-mind')).toMatchObject({ status: 'cancelled' });
    expect(await world.notifications('never-mind')).toEqual([]);
  });
});

describe('a checkout during which the relay is redeployed', () => {
  it('keeps the rule under which it began, when its approval takes a day', async () => {
    const execution = world.checkOut('slow', [approved]);
    await world.waits(execution);
    expect(world.vault.openRequests()).toMatchObject([{ status: 'pending' }]);

    const firstDays = await passTime(execution, DAY_MINUTES / 2);
    await world.deploy({
      name: 'elsewhere/{checkoutId}',
      value: 'something else',
      maxMinutes: 1,
      confirmMinutes: 0,
    });
    const lastDays = await passTime(execution, DAY_MINUTES / 2);
    expect(world.delivered('slow')).toEqual({});
    world.vault.approve(pendingId());
    world.advance(60);

    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(world.delivered('slow')).toEqual({
      [`tickets/slow/${approved.systemName}/${approved.accountName}`]: world.credentialOf(approved),
    });
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(world.delivered('slow')).toEqual({});

    const waits = [...firstDays, ...lastDays];
    expect(waits[0]).toBeCloseTo(0.5, 1);
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual((waits[index - 1] ?? 0) - 0.1);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60);
    // Hourly in the long run, more often only at first.
    expect(waits.length).toBeLessThan(180);
  });
});

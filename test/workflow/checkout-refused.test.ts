import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, startCheckoutWorld, vary } from '#test/support/checkout-world.ts';

let world: CheckoutWorld;
let allowed: FleetAccount;
let withoutAccess: FleetAccount;
let withTicket: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({
    rules: {
      systems: { select: { systems: ['web-*'] } },
      folder: { name: 'folder/{checkoutId}/{systemName}/x-{accountName}' },
    },
    rule: { maxMinutes: 240 },
    populate: (fleet) => {
      const policy = fleet.find(({ kind }) => kind === 'plain')?.policy ?? null;
      const requireTicket = policy && { ...policy, requireTicket: true };
      return vary({}, { policy: null }, { policy: requireTicket })(fleet);
    },
  });
  allowed = world.plain(0);
  withoutAccess = world.plain(1);
  withTicket = world.plain(2);
});
afterAll(() => world.close());

const inMinutes = (minutes: number): string => new Date(world.clock.now() + minutes * 60_000).toISOString();

interface Case {
  readonly why: string;
  readonly accounts?: () => readonly FleetAccount[];
  readonly more?: () => Readonly<Record<string, unknown>>;
  readonly expected: RegExp;
}

const CASES: readonly Case[] = [
  {
    why: 'names an account that the vault does not show',
    more: () => ({ items: [{ systemName: allowed.systemName, accountName: 'missing' }] }),
    expected: /sees no item with accountName missing, systemName .* Check the names/,
  },
  {
    why: 'names an account that the rule does not select',
    more: () => ({ checkout: 'systems' }),
    expected: /the rule does not allow .* Use another rule/,
  },
  {
    why: 'names an account without an access policy, beside one that has one',
    accounts: () => [allowed, withoutAccess],
    expected: /no access policy grants the relay's user this kind of access to .* Check the schedules/,
  },
  {
    why: 'has no ticket where one is required',
    accounts: () => [withTicket],
    expected: /requires a ticket\. Send its number as/,
  },
  {
    why: 'requests more time than the rule allows',
    more: () => ({ window: { minutes: 241 } }),
    expected: /more than the 240 minutes that the rule allows. Request less/,
  },
  {
    why: 'ends later than the rule allows',
    more: () => ({ window: { from: inMinutes(60), until: inMinutes(302) } }),
    expected: /more than the 240 minutes/,
  },
  {
    why: 'arrives after its window has ended',
    more: () => ({ window: { until: inMinutes(-1) } }),
    expected: /its window has ended/,
  },
];

it.each(CASES)(
  'a message that $why is refused, opens nothing, and sends an alert that states the fix',
  async (refused) => {
    const { accounts = () => [allowed], more = () => ({}), expected } = refused;
    const id = `no-${CASES.indexOf(refused)}`;
    const checkout = String({ checkout: 'tickets', ...more() }.checkout);
    const requestsBefore = world.callsFor('Requests', allowed, withoutAccess, withTicket);
    const execution = world.checkOut(id, accounts(), more());

    const message = expect.stringMatching(expected);
    expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'CheckoutRefused', cause: message });
    expect(await world.reportOf(id, checkout)).toMatchObject({ status: 'failed', notes: [message] });
    expect(await world.notifications(id, checkout)).toEqual([message]);
    expect(world.callsFor('Requests', allowed, withoutAccess, withTicket)).toBe(requestsBefore);
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.vault.openSessions()).toEqual([]);
    expect(world.delivered(id, checkout)).toEqual({});
    expect(await world.unclosedForGood()).toEqual([]);
  },
);

it('a message with the required ticket is served', async () => {
  const execution = world.checkOut('yes', [withTicket], { ticket: 'INC-1' });
  expect(await world.waits(execution)).toBeCloseTo(60, 0);
  expect(world.vault.openRequests()).toMatchObject([{ ticket: { number: 'INC-1' } }]);
  expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
});

it('a foreign secret of the same name is left alone, and everything is closed again', async () => {
  const name = `folder/taken/${allowed.systemName}/x-${allowed.accountName}`;
  world.aws.secretsManager.handle('CreateSecret', {
    Name: name,
    ClientRequestToken: crypto.randomUUID(),
    SecretString: 'theirs',
  });
  const execution = world.checkOut('taken', [allowed], { checkout: 'folder' });
  expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'SecretForeign' });
  expect(world.aws.secretsManager.currentValues()[name]).toBe('theirs');
  expect(world.vault.openRequests()).toEqual([]);
  expect(await world.unclosedForGood()).toEqual([]);
  expect(await world.notifications('taken', 'folder')).toHaveLength(1);
});

it('no credential is anywhere but in the store', async () => {
  expect(await world.findLeaks()).toEqual([]);
});

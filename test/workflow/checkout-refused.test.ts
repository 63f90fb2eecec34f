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
    rule: { longestMinutes: 240 },
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
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    why: 'names an account that the vault does not show',
    more: () => ({ items: [{ systemName: allowed.systemName, accountName: 'nobody' }] }),
    says: /shows no item with accountName nobody, systemName .* Check each name/,
  },
  {
    why: 'names an account that the rule does not select',
    more: () => ({ checkout: 'systems' }),
    says: /the rule does not allow .* Ask under another rule/,
  },
  {
    why: 'names an account that no policy opens, beside one that is open',
    accounts: () => [allowed, withoutAccess],
    says: /no access policy gives the relay's user this kind of access to .* Look at the schedules/,
  },
  {
    why: 'has no ticket where one is asked for',
    accounts: () => [withTicket],
    says: /asks for a ticket\. Send its number as/,
  },
  {
    why: 'asks for more time than the rule allows',
    more: () => ({ window: { minutes: 241 } }),
    says: /more than the 240 minutes that the rule allows. Ask for less/,
  },
  {
    why: 'asks for more time than the rule allows, by its end',
    more: () => ({ window: { from: inMinutes(60), until: inMinutes(302) } }),
    says: /more than the 240 minutes/,
  },
  {
    why: 'comes when its time is over',
    more: () => ({ window: { until: inMinutes(-1) } }),
    says: /its window is over/,
  },
];

it.each(CASES)('a message that $why is refused, opens nothing, and people are told what to do', async (refused) => {
  const { accounts = () => [allowed], more = () => ({}), says } = refused;
  const id = `no-${CASES.indexOf(refused)}`;
  const checkout = String({ checkout: 'tickets', ...more() }.checkout);
  const asked = world.callsFor('Requests', allowed, withoutAccess, withTicket);
  const execution = world.checkOut(id, accounts(), more());

  const message = expect.stringMatching(says);
  expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'CheckoutRefused', cause: message });
  expect(await world.reportOf(id, checkout)).toMatchObject({ status: 'failed', notes: [message] });
  expect(await world.told(id, checkout)).toEqual([message]);
  expect(world.callsFor('Requests', allowed, withoutAccess, withTicket)).toBe(asked);
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(world.delivered(id, checkout)).toEqual({});
  expect(await world.unclosedForGood()).toEqual([]);
});

it('a message with the ticket that is asked for is served', async () => {
  const execution = world.checkOut('yes', [withTicket], { ticket: 'INC-1' });
  expect(await world.waits(execution)).toBeCloseTo(60, 0);
  expect(world.vault.openRequests()).toMatchObject([{ ticket: { number: 'INC-1' } }]);
  expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
});

it("somebody else's secret in the way is left alone, and everything is closed again", async () => {
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
  expect(await world.told('taken', 'folder')).toHaveLength(1);
});

it('no credential is anywhere but in the store', async () => {
  expect(await world.findLeaks()).toEqual([]);
});

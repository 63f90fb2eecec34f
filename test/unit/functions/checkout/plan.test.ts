import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { signalAt } from '#shared/records/signals.ts';
import { ticketedAt } from '#shared/records/ticketed.ts';
import { after, anOrder, aRule, CHECKOUT, identityOf, NOW, STARTED_AT } from '#test/support/checkouts.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';
import { ITEMS, numbered, type PlanAttempt, planCheckout } from '#test/support/plan-checkout.ts';

const OPEN = checkoutAt.open(CHECKOUT);
const LATER = { from: after(10), minutes: 60 };

describe('planning a checkout', () => {
  let records: ReturnType<typeof memoryRecords>;
  let signals: ReturnType<typeof memorySignals>;
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    records = memoryRecords();
    signals = memorySignals();
    vault = fakeVault([pageOf(ITEMS)]);
  });
  const plan = (order?: Record<string, unknown>, rule?: Record<string, unknown>, attempt?: PlanAttempt) =>
    planCheckout({ records, signals, vault }, order, rule, attempt);
  const recorded = () => records.read(checkoutAt.record(CHECKOUT));
  const refuses = async (attempt: Promise<unknown>, message: string, name = 'CheckoutRefused') => {
    await expect(attempt).rejects.toMatchObject({ name, retryable: false, message: expect.stringContaining(message) });
    expect(await recorded()).toBeUndefined();
    expect([...signals.keys]).toEqual([]);
  };

  it('records the rule, the order and the items, and opens nothing before the window begins', async () => {
    expect(await plan({ window: LATER })).toEqual({ items: 1 });
    expect(await recorded()).toEqual({
      ...CHECKOUT,
      settings: aRule(),
      order: anOrder({ window: LATER }),
      startedAt: STARTED_AT,
      plannedAt: after(0),
      items: [{ item: anItem(), targets: [{ store: 'aws', name: 'checkouts/CHG1/db-01/sa', place: 'place of aws' }] }],
    });
    expect(vault.calls.map(([call]) => call)).toEqual(['signIn', 'find', 'signOut']);
  });

  it('is found by the ticket of its request, and by that of its webhook', async () => {
    const marks = () => [...signals.keys].filter((key) => key.startsWith('ticketed/'));
    await plan({ ticket: 'CHG/1' });
    expect(marks()).toEqual([ticketedAt.checkout('CHG/1', CHECKOUT)]);
    const principal = { kind: 'route', id: 'changes' } as const;
    const identity = { ...identityOf('CHG2.1'), principal };
    const run = { run: checkoutRun(identity) };
    await plan({ id: 'CHG2.1', principal }, {}, { run });
    expect(marks()).toContain(ticketedAt.checkout('CHG2', { ...CHECKOUT, ...run }));
  });

  it('keeps the first record: a deployment between two attempts changes nothing', async () => {
    await plan();
    const first = await recorded();
    expect(
      await plan({}, { maxMinutes: 1, name: 'elsewhere/{checkoutId}/{systemId}/{accountId}' }, { now: NOW + 9e9 }),
    ).toEqual({ items: 1 });
    expect(await recorded()).toEqual(first);
    expect(vault.count('find')).toBe(1);
  });

  const usedBefore = (attempt: Promise<unknown>) =>
    expect(attempt).rejects.toMatchObject({
      name: 'CheckoutRefused',
      message: 'Checkout tickets.CHG1: this id was used before. Send the request again with another id.',
    });

  it.each([
    ['of an earlier execution with the same name', {}, { startedAt: after(90 * 24 * 60) }],
    ['of another order', { items: [{ systemName: 'db-01', accountName: 'ops' }] }, {}],
    ['of an order with a longer window', { window: { minutes: 61 } }, {}],
  ])('refuses the record %s, and opens nothing', async (_how, order, more) => {
    await plan();
    signals.keys.clear();
    const first = await recorded();
    await usedBefore(plan(order, {}, more));
    expect(await recorded()).toEqual(first);
    expect([...signals.keys]).toEqual([]);
  });

  it('leaves an open note on each attempt, even after a release removed the first note', async () => {
    await plan();
    await signals.remove(OPEN);
    expect(await plan()).toEqual({ items: 1 });
    expect([...signals.keys]).toContain(OPEN);
  });

  it('leaves an open note before it opens anything', async () => {
    await plan();
    expect([...signals.keys]).toEqual([OPEN, checkoutAt.record(CHECKOUT).key]);
  });

  it('uses the record of the attempt that wrote first, even if that attempt started later', async () => {
    const { read } = records;
    records.read = async (place) => {
      const written = await read(place);
      if (written === undefined) {
        records.read = read;
        await plan({}, { name: 'elsewhere/{accountName}' });
      }
      return written;
    };
    await plan();
    expect(await recorded()).toMatchObject({ items: [{ targets: [{ name: expect.stringMatching(/^elsewhere/) }] }] });
  });

  it('leaves earlier signals alone', async () => {
    await signals.put(signalAt.released(CHECKOUT));
    await plan();
    expect(signals.keys).toContain(signalAt.released(CHECKOUT));
  });

  it('lists items in a fixed order, so that two checkouts never wait for each other', async () => {
    const named = ITEMS.map(({ labels: { systemName, accountName, domainName } }) => ({
      systemName,
      accountName: domainName === '' ? accountName : `${domainName}\\${accountName}`,
    }));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(named, { minLength: 3 }), async (items) => {
        records.objects.clear();
        await plan({ items });
        expect((await recorded())?.items.map(({ item }) => item.ref.id)).toEqual(['10', '4', '7']);
      }),
    );
  });

  it('opens an item that is addressed by two names only once', async () => {
    const twice = [
      { systemName: 'db-01', accountName: 'web' },
      { systemName: 'db-01', accountName: 'CORP\\web' },
    ];
    expect(await plan({ items: twice })).toMatchObject({ items: 1, requested: { leases: [{ item: 0 }] } });
    expect(vault.count('open')).toBe(1);
  });

  it.each([
    [
      'an item that the vault does not show',
      { items: [{ systemName: 'db-01', accountName: 'unknown' }] },
      {},
      'no item with accountName unknown, systemName db-01',
    ],
    ['an item that the rule does not allow', {}, { select: { accounts: ['*', '!sa'] } }, 'does not allow db-01/sa'],
    ['a window that is too long', { window: { minutes: 481 } }, {}, 'more than the 480 minutes'],
    ['a window that ends too late', { window: { until: after(481) } }, {}, 'more than the 480 minutes'],
    ['a window that is over', { window: { until: after(0) } }, {}, 'its window has ended'],
    [
      'a window that ends before it begins',
      { window: { from: after(60), until: after(30) } },
      {},
      'its window has ended',
    ],
    [
      'a window that begins when its execution may be over',
      { window: { from: after(60 * 24 * 61), minutes: 5 } },
      {},
      'in more than 60 days',
    ],
  ])('refuses %s, and leaves nothing behind', async (_what, order, rule, message) => {
    await refuses(plan(order, rule), message);
  });

  it('refuses a rule that does not exist', async () => {
    const run = checkoutRun(identityOf('CHG1', 'tests'));
    const attempt = plan({ checkout: 'tests' }, {}, { run: { rule: 'tests', run } });
    await refuses(attempt, 'There is no checkout "tests"', 'ConfigurationInvalid');
  });

  it.each(['tickets.CHG1', checkoutRun(identityOf('CHG10')), 'tickets.by-hand'])(
    'refuses an execution with another name, because nothing of it would be found again: %s',
    async (run) => {
      const message = `Start it as ${CHECKOUT.run}, not ${run}`;
      await refuses(plan({}, {}, { run: { run } }), message, 'ConfigurationInvalid');
      expect(vault.calls).toEqual([]);
    },
  );

  it('refuses an address that matches several items of the vault', async () => {
    vault = fakeVault([pageOf([anItem(), numbered('11', {})])]);
    await refuses(plan(), 'several items with accountName sa, systemName db-01');
  });

  it('refuses an item if the vault rejects its text as a query', async () => {
    vault.fail('find', '', 'RequestRejected');
    await refuses(
      plan(),
      'the item with accountName sa, systemName db-01 cannot be looked up. RequestRejected by find',
    );
  });

  it.each([
    ['in minutes', { minutes: 480 }],
    ['until a time', { until: after(480) }],
    ['later', { from: after(1000), until: after(1480) }],
    ['from a time in the past, which counts from now', { from: after(-1000), until: after(480) }],
    ['from the latest possible beginning', { from: after(60 * 24 * 60), minutes: 480 }],
  ])('accepts a window as long as the rule allows: %s', async (_what, window) => {
    expect(await plan({ window })).toMatchObject({ items: 1 });
  });

  it('refuses two items that would share a secret, because one would overwrite the other', async () => {
    const other = { ...numbered('11', { domainName: 'CORP', accountName: 'ops' }), title: 'db-01/CORP\\ops' };
    vault = fakeVault([pageOf([anItem(), other])]);
    const items = [
      { systemName: 'db-01', accountName: 'sa' },
      { systemName: 'db-01', accountName: 'CORP\\ops' },
    ];
    const message = 'db-01/sa and db-01/CORP\\ops would share the secret checkouts/CHG1/db-01 in the store aws. ';
    await refuses(plan({ items }, { name: 'checkouts/{checkoutId}/{systemName}' }), message, 'NameCollision');
  });

  it('names each item by the rules of each store, and alike in two stores of one type', async () => {
    vault = fakeVault([pageOf([anItem({ labels: { accountName: 'ops_1' } })])]);
    await plan({ items: [{ systemName: 'db-01', accountName: 'ops_1' }] }, { stores: ['aws', 'dr', 'box'] });
    expect((await recorded())?.items[0]?.targets).toEqual([
      { store: 'aws', name: 'checkouts/CHG1/db-01/ops_1', place: 'place of aws' },
      { store: 'dr', name: 'checkouts/CHG1/db-01/ops_1', place: 'place of dr' },
      { store: 'box', name: 'checkouts/CHG1/db-01/ops=5F1', place: 'place of box' },
    ]);
  });

  it('refuses two items that would share a secret in one of the stores', async () => {
    const accounts = ['ops1', 'ops2'];
    const titled = (accountName: string) => ({
      ...numbered(accountName, { accountName }),
      title: `db-01/${accountName}`,
    });
    vault = fakeVault([pageOf(accounts.map(titled))]);
    const items = accounts.map((accountName) => ({ systemName: 'db-01', accountName }));
    const message = 'db-01/ops1 and db-01/ops2 would share the secret checkouts/CHG/db-/ops in the store mixing. ';
    await refuses(plan({ items }, { stores: ['aws', 'mixing'] }), message, 'NameCollision');
  });

  it('is retried if the vault does not answer, and leaves nothing behind', async () => {
    vault.fail('find', '', 'VaultUnavailable');
    await expect(plan()).rejects.toMatchObject({ name: 'VaultUnavailable', retryable: true });
    expect([...signals.keys]).toEqual([]);
  });
});

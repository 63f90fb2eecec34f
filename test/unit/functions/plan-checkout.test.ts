import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPlanCheckout } from '#functions/plan/plan-checkout.ts';
import type { Account } from '#shared/domain/account.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { noteAt } from '#shared/records/notes.ts';
import { anAccount } from '#test/support/accounts.ts';
import { after, anOrder, aRule, NOW, RUN } from '#test/support/checkouts.ts';
import { fakeVault, memoryNotes, memoryRecords, pageOf } from '#test/support/fakes.ts';

const ACCOUNTS = [
  anAccount(),
  anAccount({ accountId: 4, accountName: 'ops' }),
  anAccount({ accountId: 7, domainName: 'CORP', accountName: 'web' }),
];
const OPEN = checkoutAt.open('tickets', RUN);

describe('planning a checkout', () => {
  let records: ReturnType<typeof memoryRecords>;
  let notes: ReturnType<typeof memoryNotes>;
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    records = memoryRecords();
    notes = memoryNotes();
    vault = fakeVault([pageOf(ACCOUNTS)]);
  });
  const plan = (order: Record<string, unknown> = {}, rule: Record<string, unknown> = {}, now = NOW) =>
    createPlanCheckout({
      checkouts: { tickets: aRule(rule) },
      vaultOf: () => vault.vault,
      records,
      notes,
      now: () => now,
    })({ run: RUN, order: anOrder(order) });
  const recorded = () => records.read(checkoutAt.record('tickets', RUN));
  const refuses = async (attempt: Promise<unknown>, message: string, name = 'CheckoutRefused') => {
    await expect(attempt).rejects.toMatchObject({ name, retryable: false, message: expect.stringContaining(message) });
    expect(await recorded()).toBeUndefined();
    expect([...notes.keys]).toEqual([]);
  };

  it('writes down the rule, the order and the accounts, and opens nothing', async () => {
    expect(await plan()).toEqual({ accounts: 1 });
    expect(await recorded()).toEqual({
      run: RUN,
      rule: aRule(),
      order: anOrder(),
      plannedAt: after(0),
      items: [{ account: anAccount(), secretName: 'checkouts/CHG1/db-01/sa' }],
    });
    expect(vault.calls.map(([call]) => call)).toEqual(['signIn', 'findAccount', 'signOut']);
  });

  it('holds to what was written down first: a deployment in between changes nothing', async () => {
    await plan();
    const first = await recorded();
    expect(
      await plan({}, { longestMinutes: 1, name: 'elsewhere/{checkoutId}/{systemId}/{accountId}' }, NOW + 9e9),
    ).toEqual({ accounts: 1 });
    expect(await recorded()).toEqual(first);
    expect(vault.count('findAccount')).toBe(1);
  });

  it('is found by whoever looks for what may be open before there is anything to find', async () => {
    const { write } = records;
    const atWrite: string[][] = [];
    records.write = async (place, record) => {
      atWrite.push([...notes.keys]);
      await write(place, record);
    };
    await plan();
    expect(atWrite).toEqual([[OPEN]]);
    expect([...notes.keys]).toEqual([OPEN]);
  });

  it('leaves alone what was noted before it came', async () => {
    await notes.put(noteAt.released('tickets', RUN));
    await plan();
    expect(notes.keys).toContain(noteAt.released('tickets', RUN));
  });

  it('lists accounts in one order, whatever the order of the message, so that two checkouts never wait for each other', async () => {
    const named = ACCOUNTS.map(({ systemName, accountName, domainName }) => ({
      system: systemName,
      account: domainName === '' ? accountName : `${domainName}\\${accountName}`,
    }));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(named, { minLength: 3 }), async (accounts) => {
        records.objects.clear();
        await plan({ accounts });
        expect((await recorded())?.items.map(({ account }) => account.accountId)).toEqual([4, 7, 10]);
      }),
    );
  });

  it('opens an account once that goes by two names', async () => {
    const twice = [
      { system: 'db-01', account: 'web' },
      { system: 'db-01', account: 'CORP\\web' },
    ];
    expect(await plan({ accounts: twice })).toEqual({ accounts: 1 });
  });

  it.each([
    ['a rule that is not there', { checkout: 'tests' }, {}, 'There is no checkout "tests"', 'ConfigurationInvalid'],
    [
      'an account that the vault does not show',
      { accounts: [{ system: 'db-01', account: 'nobody' }] },
      {},
      'no account nobody on system db-01',
    ],
    ['an account that the rule does not allow', {}, { select: { accounts: ['*', '!sa'] } }, 'does not allow db-01/sa'],
    ['a window that is too long', { window: { minutes: 481 } }, {}, 'more than the 480 minutes'],
    ['a window that ends too late', { window: { until: after(481) } }, {}, 'more than the 480 minutes'],
    ['a window that is over', { window: { until: after(0) } }, {}, 'its window is over'],
    [
      'a window that ends before it begins',
      { window: { from: after(60), until: after(30) } },
      {},
      'its window is over',
    ],
    [
      'a window that begins when its execution may be over',
      { window: { from: after(60 * 24 * 61), minutes: 5 } },
      {},
      'in more than 60 days',
    ],
  ])('refuses %s, and leaves nothing behind', async (_what, order, rule, message, name = 'CheckoutRefused') => {
    await refuses(plan(order, rule), message, name);
  });

  it.each([
    ['all of it', { minutes: 480 }],
    ['until then', { until: after(480) }],
    ['later', { from: after(1000), until: after(1480) }],
    ['since a while ago, which counts from now', { from: after(-1000), until: after(480) }],
    ['as late as it may begin', { from: after(60 * 24 * 60), minutes: 480 }],
  ])('lets a window be as long as the rule allows: %s', async (_what, window) => {
    expect(await plan({ window })).toEqual({ accounts: 1 });
  });

  it('refuses two accounts that would share a secret, since one would take the place of the other', async () => {
    const sharing: Account[] = [anAccount(), anAccount({ accountId: 11, domainName: 'CORP' })];
    vault = fakeVault([pageOf(sharing)]);
    const accounts = [
      { system: 'db-01', account: 'sa' },
      { system: 'db-01', account: 'CORP\\sa' },
    ];
    const message = 'db-01/sa and db-01/CORP\\sa would share the secret checkouts/CHG1/db-01/sa';
    await refuses(plan({ accounts }), message, 'NameCollision');
  });

  it('is tried again when the vault does not answer, and leaves nothing behind', async () => {
    vault.fail('findAccount', 0, 'VaultUnavailable');
    await expect(plan()).rejects.toMatchObject({ name: 'VaultUnavailable', retryable: true });
    expect([...notes.keys]).toEqual([]);
  });
});

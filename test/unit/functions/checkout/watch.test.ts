import { beforeEach, describe, expect, it } from 'vitest';
import { createWatch } from '#functions/checkout/watch/watch.ts';
import type { Item } from '#shared/domain/item.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { CheckoutLease, CheckoutStepInput } from '#shared/workflows/checkout.ts';
import {
  aCheckoutRun,
  after,
  CHECKOUT,
  NOW,
  OTHER_CHECKOUT,
  type RecordedCheckout,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const lease = (status: CheckoutLease['status'], item = 0): CheckoutLease => ({
  item,
  id: String(101 + item),
  status,
});
const asked = (...leases: CheckoutLease[]) => ({ at: after(0), conflict: false, leases });
const DELIVERED = { at: after(1), delivered: 1, gone: false };
const CLOSED = { checkedIn: { at: after(60), closed: 1 }, retired: { retired: 1 } };
const aRow = (changedAt: string | undefined, more: Partial<Item> = {}) => itemNumbered(10, { changedAt, ...more });

describe('watching a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  let signals: ReturnType<typeof memorySignals>;
  beforeEach(() => {
    vault = fakeVault();
    signals = memorySignals();
  });
  const watch = async (
    state: Partial<CheckoutStepInput> = {},
    { minutes = 0, ...checkout }: RecordedCheckout & { minutes?: number } = {},
  ) => {
    const records = memoryRecords();
    await recordCheckout(records, checkout);
    const now = () => NOW + minutes * 60_000;
    return createWatch({ vaultOf: async () => vault.vault, records, signals, tell: async () => {}, now })({
      ...aCheckoutRun,
      ...state,
    });
  };
  const changedAt = (...rows: Parameters<typeof aRow>[]) => {
    vault = fakeVault([pageOf(rows.map((row) => aRow(...row)))]);
  };

  it('treats a checkout without a record as cancelled', async () => {
    const step = createWatch({
      vaultOf: async () => vault.vault,
      records: memoryRecords(),
      signals,
      tell: async () => {},
      now: () => NOW,
    });
    expect(await step(aCheckoutRun)).toEqual({ next: 'report', waitSeconds: 0, ending: 'cancelled' });
    expect(vault.calls).toEqual([]);
  });

  it('makes no call before it begins or while it holds', async () => {
    expect(await watch({}, { order: { window: { from: after(10), minutes: 5 } } })).toMatchObject({ waitSeconds: 600 });
    expect(await watch({ requested: asked(lease('active')), retrieved: DELIVERED })).toMatchObject({
      waitSeconds: 3600,
    });
    expect(vault.calls).toEqual([]);
  });

  it('continues as soon as the last lease is approved', async () => {
    const state = { requested: asked(lease('pending'), lease('pending', 1)) };
    vault.opened({ id: '101', item: '1' });
    vault.opened({ id: '102', item: '2', status: 'pending' });
    expect(await watch(state, { minutes: 0.5 })).toMatchObject({ next: 'wait', waitSeconds: 30 });
    vault.opened({ id: '102', item: '2' });
    expect(await watch(state, { minutes: 0.5 })).toMatchObject({ next: 'retrieve' });
  });

  it('makes no call for an approval right after the request, whose answer is still current', async () => {
    expect(await watch({ requested: asked(lease('pending')) }, { minutes: 0.49 })).toMatchObject({ next: 'wait' });
    expect(vault.calls).toEqual([]);
  });

  it('treats a lease that the vault no longer lists as denied', async () => {
    const state = { requested: asked(lease('pending')) };
    expect(await watch(state, { minutes: 1 })).toMatchObject({ next: 'checkin', ending: 'denied' });
  });

  it('does not treat a lease as denied if it can be the unreadable one', async () => {
    vault.opened({ id: '101', item: '1', status: 'pending' });
    vault.opened({ id: '102', item: '2' });
    vault.unreadable.add('101');
    const state = { requested: asked(lease('pending'), lease('pending', 1)) };
    expect(await watch(state, { minutes: 1 })).toMatchObject({ next: 'wait' });
  });

  it.each(['VaultUnavailable', 'RateLimited', 'AnswerTimedOut'] as const)(
    'keeps waiting if the status of a lease is unknown (%s)',
    async (failure) => {
      vault.fail('held', '', failure);
      expect(await watch({ requested: asked(lease('pending')) }, { minutes: 1 })).toMatchObject({ next: 'wait' });
    },
  );

  it('fails if the status of a lease stays unavailable', async () => {
    vault.fail('held', '', 'PermissionMissing');
    const attempt = watch({ requested: asked(lease('pending')) }, { minutes: 1 });
    await expect(attempt).rejects.toMatchObject({ name: 'PermissionMissing' });
  });

  it('closes a released checkout during every kind of wait', async () => {
    await signals.put(signalAt.released(CHECKOUT));
    expect(await watch()).toMatchObject({ next: 'checkin', ending: 'cancelled' });
    expect(await watch({ retrieved: DELIVERED })).toMatchObject({ next: 'checkin', ending: 'released' });
  });

  it.each([
    ['reported, when its execution is redriven', 'report'],
    ['closed by a release that was started by hand', 'closing'],
  ] as const)('closes what was %s, and opens nothing', async (_how, note) => {
    await signals.put(signalAt[note](CHECKOUT));
    for (const state of [{}, { requested: asked(lease('active')) }, { requested: asked(lease('pending')) }]) {
      expect(await watch(state)).toMatchObject({ next: 'checkin', ending: 'cancelled' });
    }
    expect(await watch({ retrieved: DELIVERED })).toMatchObject({ next: 'checkin', ending: 'released' });
    expect(await watch({ retrieved: DELIVERED, ...CLOSED }, { rule: { confirmMinutes: 0 } })).toMatchObject({
      next: 'report',
    });
  });

  it('is not released by the signal of another checkout whose name begins with its own name', async () => {
    await signals.put(signalAt.released(OTHER_CHECKOUT));
    expect(await watch()).toMatchObject({ next: 'request' });
  });

  it('holds for as long as it was extended, but no longer than the rule allows', async () => {
    await signals.put(signalAt.extended(CHECKOUT, Date.parse(after(90))));
    expect(await watch({ retrieved: DELIVERED }, { minutes: 61 })).toMatchObject({
      next: 'wait',
      waitSeconds: 29 * 60,
    });
    await signals.put(signalAt.extended(CHECKOUT, Date.parse(after(9000))));
    expect(await watch({ retrieved: DELIVERED }, { minutes: 61 })).toMatchObject({
      next: 'wait',
      waitSeconds: 60 * 60,
    });
  });

  it('waits for an approval no longer than the rule or the window allows', async () => {
    const rule = { approvalHours: 1 };
    const state = { requested: asked(lease('pending')) };
    vault.opened({ id: '101', item: '10', status: 'pending' });
    expect(await watch(state, { rule, minutes: 60 })).toMatchObject({ next: 'checkin', ending: 'expired' });
    const order = { window: { until: after(30) } };
    expect(await watch(state, { rule, order, minutes: 29.5 })).toMatchObject({ next: 'wait', waitSeconds: 30 });
    expect(await watch(state, { rule, order, minutes: 30 })).toMatchObject({ next: 'checkin', ending: 'expired' });
  });

  it('waits for an approval until the end of the extended window', async () => {
    const rule = { approvalHours: 1, extensionMinutes: 60 };
    const state = { requested: asked(lease('pending')) };
    vault.opened({ id: '101', item: '10', status: 'pending' });
    await signals.put(signalAt.extended(CHECKOUT, Date.parse(after(40))));
    const order = { window: { until: after(10) } };
    expect(await watch(state, { rule, order, minutes: 39.5 })).toMatchObject({ next: 'wait', waitSeconds: 30 });
    expect(await watch(state, { rule, order, minutes: 40 })).toMatchObject({ next: 'checkin', ending: 'expired' });
  });

  it('requests no lease if the rule needs none', async () => {
    expect(await watch({}, { rule: { access: 'isa' } })).toMatchObject({ next: 'retrieve' });
  });

  describe('after everything is closed', () => {
    const state = { requested: asked(lease('pending')), retrieved: DELIVERED, ...CLOSED };
    const watched = { next: 'checkin', waitSeconds: 0, ending: 'completed' } as const;
    const look = (more: Partial<CheckoutStepInput> = {}, checkout = {}) =>
      watch({ ...state, watched, ...more }, { minutes: 61, ...checkout });

    it('ends once every credential has changed since its delivery', async () => {
      changedAt([after(60)]);
      expect(await look()).toEqual({ next: 'report', waitSeconds: 0, ending: 'completed', confirmed: true });
      expect(vault.calls).toContainEqual([
        'find',
        expect.objectContaining({ systemName: 'db-01', accountName: 'a10' }),
      ]);
      expect(vault.count('held')).toBe(0);
    });

    it('makes no call right after its check-in, which the vault answers before the change', async () => {
      changedAt([after(60)]);
      expect(await look({}, { minutes: 60.49 })).toEqual({ next: 'wait', waitSeconds: 30, ending: 'completed' });
      expect(vault.calls).toEqual([]);
    });

    it('looks at once if a release has closed it before', async () => {
      changedAt([after(60)]);
      await signals.put(signalAt.released(CHECKOUT));
      expect(await look({}, { minutes: 60 })).toMatchObject({ next: 'report' });
    });

    it('looks at once if it found nothing to close', async () => {
      changedAt([after(60)]);
      expect(await look({ checkedIn: { at: after(60), closed: 0 } }, { minutes: 60 })).toMatchObject({
        next: 'report',
      });
    });

    it("counts a change after another client's release, before its own release", async () => {
      changedAt([after(30)]);
      expect(await look()).toMatchObject({ next: 'report' });
    });

    it.each([
      ['has not changed', [after(0)]],
      ['has changed shortly before its delivery', [after(1 - 0.5 / 60)]],
      ['is changing', [after(60), { changing: true }]],
      ['has a change without a date', [undefined]],
      ['is gone', [after(60), { labels: { accountName: 'renamed' } }]],
    ] satisfies [string, Parameters<typeof aRow>][])(
      'waits if a credential %s, and reports it at the end',
      async (_what, row) => {
        changedAt(row);
        expect(await look()).toMatchObject({ next: 'wait', ending: 'completed' });
        expect(await look({}, { minutes: 90 })).toMatchObject({
          next: 'report',
          ending: 'completed',
          unconfirmed: true,
        });
      },
    );

    it('waits for the last of its items', async () => {
      changedAt([after(60)], [after(0), { labels: { accountName: 'a11' } }]);
      expect(await look({}, { numbers: [10, 11] })).toMatchObject({ next: 'wait' });
    });

    it('fails if several accounts match the name', async () => {
      changedAt([after(60)], [after(60)]);
      await expect(look()).rejects.toMatchObject({ name: 'RequestRejected' });
    });

    it('treats a credential as unchanging if the vault does not report changes in progress', async () => {
      changedAt([after(60), { changing: 'unknown' }]);
      expect(await look()).toMatchObject({ next: 'report' });
    });

    it('keeps waiting if the vault does not answer', async () => {
      changedAt([after(60)]);
      vault.fail('find', '', 'VaultUnavailable');
      expect(await look()).toMatchObject({ next: 'wait' });
    });

    it.each([
      ['the rule requests no change', { rotateOnCheckIn: false }],
      ['confirmation is turned off', { confirmMinutes: 0 }],
      ['a target session was opened, which shows no credential', { delivers: 'ssh-ticket' }],
      ['there was no lease to close', { access: 'isa' }],
    ])('does not wait for a change if %s', async (_what, rule) => {
      expect(await look({}, { rule })).toEqual({ next: 'report', waitSeconds: 0, ending: 'completed' });
      expect(vault.calls).toEqual([]);
    });

    it('does not wait for a change of an undelivered credential', async () => {
      const denied = {
        retrieved: undefined,
        retired: { retired: 0 },
        watched: { ...watched, ending: 'denied' as const },
      };
      expect(await look(denied)).toEqual({ next: 'report', waitSeconds: 0, ending: 'denied' });
      expect(vault.calls).toEqual([]);
    });
  });

  describe('for an end that a message has set', () => {
    const UNTIL = Date.parse(after(10));
    const order = { type: 'checkout.shortened', id: 'CHG1', until: after(10) } as const;
    const sets = (position: number, until: number) => signals.put(signalAt.ends(CHECKOUT, { position, until }));

    it('waits until then, and closes the checkout', async () => {
      await sets(1, UNTIL);
      expect(await watch({ order })).toEqual({ next: 'wait', waitSeconds: 600 });
      expect(await watch({ order }, { minutes: 10 })).toMatchObject({ next: 'checkin' });
      expect(vault.calls).toEqual([]);
    });

    it('closes nothing if a later position has moved the end, or if the checkout is over', async () => {
      await sets(1, UNTIL);
      await sets(2, UNTIL + 1);
      expect(await watch({ order }, { minutes: 10 })).toEqual({ next: 'report', waitSeconds: 0 });
      await sets(3, UNTIL);
      await signals.put(signalAt.closing(CHECKOUT));
      expect(await watch({ order }, { minutes: 10 })).toEqual({ next: 'report', waitSeconds: 0 });
    });

    it('ends the checkout itself at that time as well, as completed', async () => {
      await sets(1, UNTIL);
      const held = { requested: asked(lease('active')), retrieved: DELIVERED };
      expect(await watch(held)).toMatchObject({ next: 'wait', waitSeconds: 600 });
      expect(await watch(held, { minutes: 10 })).toMatchObject({ next: 'checkin', ending: 'completed' });
      await signals.put(signalAt.closing(CHECKOUT));
      expect(await watch(held, { minutes: 10 })).toMatchObject({ next: 'checkin', ending: 'completed' });
      expect(await watch(held, { minutes: 9 })).toMatchObject({ next: 'checkin', ending: 'released' });
    });

    it('opens nothing that is already over', async () => {
      await sets(1, Date.parse(after(-1)));
      expect(await watch({}, { order: { window: { minutes: 60 } } })).toMatchObject({
        next: 'checkin',
        ending: 'expired',
      });
    });
  });

  describe('for a release, which has no state of the checkout', () => {
    it('waits for a change since its own check-in', async () => {
      changedAt([after(59)]);
      expect(await watch(CLOSED, { minutes: 61 })).toMatchObject({ next: 'wait', ending: 'released' });
      changedAt([after(60)]);
      expect(await watch(CLOSED, { minutes: 61 })).toMatchObject({ next: 'report', ending: 'released' });
    });

    it('accepts any change since the plan if everything was already closed', async () => {
      changedAt([after(59)]);
      const nothing = { checkedIn: { at: after(60), closed: 0 }, retired: { retired: 1 } };
      expect(await watch(nothing, { minutes: 61 })).toMatchObject({ next: 'report', ending: 'released' });
    });

    it('ends as cancelled if there was nothing to retire', async () => {
      const nothing = { checkedIn: { at: after(60), closed: 0 }, retired: { retired: 0 } };
      expect(await watch(nothing, { minutes: 61 })).toEqual({ next: 'report', waitSeconds: 0, ending: 'cancelled' });
    });
  });
});

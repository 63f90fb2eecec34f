import { beforeEach, describe, expect, it } from 'vitest';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { signalAt } from '#shared/records/signals.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, CHECKOUT, MARKER, NOW } from '#test/support/checkouts.ts';
import { anOffer, fakeVault, LEASE_ENDS_AT, pageOf } from '#test/support/fake-vault.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';
import { ITEMS, type PlanAttempt, planCheckout } from '#test/support/plan-checkout.ts';

describe('planning a checkout that may begin now', () => {
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

  const TWO = [
    { systemName: 'db-01', accountName: 'sa' },
    { systemName: 'db-01', accountName: 'ops' },
  ];
  const opensNothing = async (order: Record<string, unknown> = {}, rule: Record<string, unknown> = {}) => {
    const { requested } = await plan(order, rule);
    expect(vault.count('open')).toBe(0);
    return requested;
  };

  it('opens nothing while a rotation changes a credential, after its record is written', async () => {
    const { requested } = await plan({}, {}, { isRotating: true });
    expect(requested).toEqual({ at: after(0), conflict: true, leases: [] });
    expect(vault.count('open')).toBe(0);
    expect(await recorded()).toBeDefined();
  });

  it('opens the leases in the session of the look-up, after its record is written', async () => {
    const { list } = signals;
    const looks: boolean[] = [];
    signals.list = async (prefix) => {
      looks.push(records.objects.has(checkoutAt.record(CHECKOUT).key));
      return list(prefix);
    };
    const lease = { status: 'active', endsAt: LEASE_ENDS_AT } as const;
    expect(await plan({ items: TWO })).toEqual({
      items: 2,
      requested: {
        at: after(0),
        conflict: false,
        leases: [
          { item: 0, id: '101', ...lease },
          { item: 1, id: '102', ...lease },
        ],
      },
    });
    expect(vault.calls.map(([call]) => call)).toEqual([
      ...['signIn', 'find', 'find', 'offers', 'offers', 'open', 'open', 'signOut'],
    ]);
    expect(vault.terms).toMatchObject([{ reason: `Replace a disk ${MARKER}`, whenHeld: 'refuse' }, {}]);
    expect(looks).toEqual([false, true, true]);
  });

  it('passes the leases on to all later steps, until another attempt to open them has answered', async () => {
    const planned = await plan();
    const state = { ...aCheckoutRun, planned };
    const { input } = checkoutSteps.checkin;
    expect(input.parse(state)).toEqual({ ...aCheckoutRun, requested: planned.requested });
    const requested = { at: after(1), conflict: true, leases: [] };
    expect(input.parse({ ...state, requested })).toEqual({ ...aCheckoutRun, requested });
  });

  it('opens nothing again on a later attempt, which does not know what the first one opened', async () => {
    await plan();
    vault.calls.splice(0);
    expect(await plan()).toEqual({ items: 1 });
    expect(vault.calls).toEqual([]);
  });

  it('opens nothing if another attempt has written the record in the meantime', async () => {
    const { read } = records;
    records.read = async (place) => {
      records.read = read;
      const written = await read(place);
      await plan();
      return written;
    };
    expect(await plan()).toEqual({ items: 1 });
    expect(vault.count('open')).toBe(1);
  });

  it.each(['released', 'closing', 'report'] as const)('opens nothing once it has its signal %s', async (note) => {
    await signals.put(signalAt[note](CHECKOUT));
    expect(await opensNothing()).toBeUndefined();
    expect(vault.count('offers')).toBe(0);
  });

  it('opens nothing after an end that was set before it', async () => {
    await signals.put(signalAt.ends(CHECKOUT, { position: 1, until: NOW - 1 }));
    expect(await opensNothing()).toBeUndefined();
  });

  it('opens nothing if the rule needs no lease', async () => {
    expect(await opensNothing({}, { access: 'isa' })).toBeUndefined();
  });

  it('waits while the vault changes a credential, and asks for no offer', async () => {
    vault = fakeVault([pageOf([anItem({ changing: true })])]);
    expect(await opensNothing()).toEqual({ at: after(0), conflict: true, leases: [] });
    expect(vault.count('offers')).toBe(0);
  });

  it('ignores a change in progress for a target session, which shows no credential', async () => {
    vault = fakeVault([pageOf([anItem({ changing: true })])]);
    expect((await plan({}, { delivers: 'ssh-ticket' })).requested).toMatchObject({ conflict: false });
  });

  it('stops at the first item that has another lease', async () => {
    vault.opened({ id: '7', item: '4', reason: 'by hand' });
    const { requested } = await plan({ items: TWO });
    expect(requested).toMatchObject({ conflict: true, leases: [{ item: 0, id: '101' }] });
  });

  it('opens nothing more once it is released while it opens', async () => {
    const { list } = signals;
    let looks = 0;
    signals.list = async (prefix) => {
      looks += 1;
      if (looks === 3) await signals.put(signalAt.released(CHECKOUT));
      return list(prefix);
    };
    expect((await plan({ items: TWO })).requested).toMatchObject({ conflict: true, leases: [{ item: 0 }] });
    expect(vault.count('open')).toBe(1);
  });

  it.each([
    ['the vault would approve at once', [anOffer()], { status: 'active' }],
    ['people have to approve', [anOffer({ approvers: 2 }), anOffer({ approvers: 1 })], { status: 'pending' }],
  ])('knows the status of a lease that %s', async (_how, offers, lease) => {
    vault.offers.set('10', offers);
    expect((await plan()).requested).toMatchObject({ leases: [lease] });
  });

  it('leaves it to the list of leases if the offers differ in their approval', async () => {
    vault.offers.set('10', [anOffer(), anOffer({ approvers: 1 })]);
    expect(await plan()).toEqual({ items: 1 });
    expect(vault.count('open')).toBe(1);
  });

  it.each(['VaultUnavailable', 'AnswerMalformed', 'SignInRefused'] as const)(
    'raises no error of an opening (%s), because an item before it may be open',
    async (failure) => {
      vault.fail('open', '4', failure, { mayHaveHappened: failure === 'VaultUnavailable' });
      expect(await plan({ items: TWO })).toEqual({ items: 2 });
    },
  );

  it.each(['TicketRefused', 'RequestRejected', 'PermissionMissing', 'NotRequestable'] as const)(
    'raises a final refusal of the vault (%s), after which the workflow closes the checkout',
    async (name) => {
      vault.fail('open', '4', name);
      await expect(plan({ items: TWO })).rejects.toMatchObject({ name });
    },
  );

  it.each([
    ['no policy allows it now', [], 'no access policy grants'],
    ['its policy requires a ticket', [anOffer({ needsTicket: true })], 'requires a ticket'],
  ])('is refused if %s, and leaves nothing behind', async (_why, offers, message) => {
    vault.offers.set('10', offers);
    await refuses(plan(), message);
    expect(vault.count('open')).toBe(0);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createRequestCheckout } from '#functions/checkout/request/request.ts';
import { signalAt } from '#shared/records/signals.ts';
import {
  aCheckoutRun,
  after,
  aRecord,
  CHECKOUT,
  MARKER,
  NOW,
  type RecordedCheckout,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { anOffer, fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';

const OURS = `Replace a disk ${MARKER}`;

describe('requesting the leases of a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  let signals: ReturnType<typeof memorySignals>;
  let isRotating: boolean;
  beforeEach(() => {
    isRotating = false;
    vault = fakeVault();
    signals = memorySignals();
  });
  const request = async (checkout: RecordedCheckout = {}, now = NOW) => {
    const records = memoryRecords();
    await recordCheckout(records, checkout);
    const vaultOf = async () => vault.vault;
    return createRequestCheckout({
      relayId: 'relay',
      vaultOf,
      records,
      signals,
      isRotating: async () => isRotating,
      now: () => now,
    })(aCheckoutRun);
  };
  const minutesOf = async (checkout: RecordedCheckout, now = NOW) => {
    await request(checkout, now);
    return vault.terms.map(({ minutes }) => minutes);
  };
  const refusal = (message: string) => ({ name: 'CheckoutRefused', message: expect.stringContaining(message) });

  it('opens one lease for each item, and returns their status', async () => {
    expect(await request({ numbers: [1, 2] })).toEqual({
      at: after(0),
      conflict: false,
      leases: [
        { item: 0, id: '101', status: 'active' },
        { item: 1, id: '102', status: 'active' },
      ],
    });
  });

  it.each(['released', 'closing', 'report'] as const)(
    'opens nothing once the checkout has its signal %s',
    async (note) => {
      await signals.put(signalAt[note](CHECKOUT));
      expect(await request()).toEqual({ at: after(0), conflict: true, leases: [] });
      expect(vault.terms).toEqual([]);
    },
  );

  it('opens nothing more once the checkout is released while it opens', async () => {
    const { list } = signals;
    let looks = 0;
    signals.list = async (prefix) => {
      looks += 1;
      if (looks === 3) await signals.put(signalAt.released(CHECKOUT));
      return list(prefix);
    };
    expect(await request({ numbers: [1, 2, 3] })).toMatchObject({ conflict: true, leases: [{ item: 0 }] });
    expect(vault.terms.map(({ item }) => item)).toEqual(['1']);
  });

  it('writes the reason of the message, with the marker by which everything of ours is found', async () => {
    await request();
    expect(vault.terms).toMatchObject([{ reason: OURS, changeAtEnd: true, whenHeld: 'refuse' }]);
  });

  it('owns leases that an earlier attempt opened, pending or not, and requests only the missing ones', async () => {
    vault.opened({ id: '7', item: '1', reason: OURS, status: 'pending', endsAt: after(90) });
    expect(await request({ numbers: [1, 2] })).toMatchObject({
      conflict: false,
      leases: [
        { item: 0, id: '7', status: 'pending', endsAt: after(90) },
        { item: 1, id: '101' },
      ],
    });
    expect(vault.terms.map(({ item }) => item)).toEqual(['2']);
  });

  it('waits while the vault changes a credential, because a delivery would be outdated at once', async () => {
    const { items } = aRecord();
    vault = fakeVault([pageOf(items.map(({ item }) => ({ ...item, changing: true })))]);
    expect(await request()).toMatchObject({ conflict: true, leases: [] });
    expect(vault.terms).toEqual([]);
  });

  it('waits while a rotation changes a credential, but not for a target session', async () => {
    isRotating = true;
    expect(await request()).toMatchObject({ conflict: true, leases: [] });
    expect(vault.terms).toEqual([]);
    expect(await request({ rule: { delivers: 'ssh-ticket' } })).toMatchObject({ conflict: false });
  });

  it('ignores a change in progress for a target session, which shows no credential', async () => {
    const { items } = aRecord();
    vault = fakeVault([pageOf(items.map(({ item }) => ({ ...item, changing: true })))]);
    expect(await request({ rule: { delivers: 'ssh-ticket' } })).toMatchObject({ conflict: false });
    expect(vault.count('find')).toBe(0);
  });

  it('finds a lease whose answer was lost on the next attempt', async () => {
    vault.fail('open', '10', 'VaultUnavailable', { mayHaveHappened: true });
    await expect(request()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(await request()).toMatchObject({ leases: [{ id: '101' }] });
    expect(vault.count('open')).toBe(1);
  });

  it.each([
    ['a person', 'by hand'],
    ['a sync', 'pam-relay delivers [relay/sync/databases/databases.1/0]'],
    ['another checkout', 'Replace a disk [relay/checkout/tickets/tickets.CHG2/0]'],
    ['another relay', `Replace a disk [other/checkout/tickets/${CHECKOUT.run}/0]`],
  ])('never shares a lease of %s, and makes no further request', async (_who, reason) => {
    vault.opened({ id: '7', item: '2', reason });
    const { conflict, leases } = await request({ numbers: [1, 2, 3] });
    expect({ conflict, leases }).toMatchObject({ conflict: true, leases: [{ item: 0 }] });
    expect(leases).toHaveLength(1);
    expect(vault.terms.map(({ item }) => item)).toEqual(['1', '2']);
  });

  it('is not prevented by an unreadable lease of others', async () => {
    vault.opened({ id: '7', item: '9', reason: 'by hand' });
    vault.unreadable.add('7');
    expect(await request({ numbers: [1, 2] })).toMatchObject({ conflict: false, leases: [{}, {}] });
  });

  it('fails if the unreadable lease may be the one that it just opened', async () => {
    vault.unreadable.add('102');
    await expect(request({ numbers: [1, 2] })).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });

  it('waits if the vault refuses another lease for the item', async () => {
    vault.fail('open', '10', 'RequestConflict');
    expect(await request()).toEqual({ at: after(0), conflict: true, leases: [] });
  });

  it('fails on an error other than a conflict', async () => {
    vault.fail('open', '10', 'NotRequestable');
    await expect(request()).rejects.toMatchObject({ name: 'NotRequestable' });
  });

  it('first checks that the vault grants the window, and requests nothing otherwise', async () => {
    vault.offers.set('10', []);
    await expect(request()).rejects.toMatchObject(
      refusal("grants the relay's user this kind of access to db-01/a10 now for 60 minutes"),
    );
    expect(vault.calls).toContainEqual(['offers', '10', 60]);
    expect(vault.terms).toEqual([]);
  });

  it('checks all items before it opens a lease, because one refusal would cost the others a release', async () => {
    vault.offers.set('2', []);
    await expect(request({ numbers: [1, 2] })).rejects.toMatchObject(refusal('db-01/a2'));
    expect(vault.terms).toEqual([]);
  });

  it('requests under the offered conditions with the fewest approvers', async () => {
    const offer = anOffer({ approvers: 1, handle: { policy: 3 } });
    vault.offers.set('10', [anOffer({ approvers: 2 }), offer]);
    await request();
    expect(vault.terms).toMatchObject([{ offer }]);
  });

  it('sends the ticket, and refuses to request without one if the policy requires it', async () => {
    vault.offers.set('10', [anOffer({ needsTicket: true })]);
    await expect(request()).rejects.toMatchObject(refusal('requires a ticket'));
    await request({ order: { ticket: 'CHG-7' } });
    expect(vault.terms).toMatchObject([{ ticket: 'CHG-7' }]);
  });

  it('requests no change of the credential if the rule says so', async () => {
    await request({ rule: { rotateOnCheckIn: false } });
    expect(vault.terms).toMatchObject([{ changeAtEnd: false }]);
  });

  describe('the duration of a lease', () => {
    const rule = { extensionMinutes: 20, approvalHours: 2 };
    it('covers the window, its longest extension and five minutes, so that the relay ends the lease', async () => {
      expect(await minutesOf({ rule })).toEqual([60 + 20 + 5]);
    });

    it('covers the window until its end time', async () => {
      expect(await minutesOf({ rule, order: { window: { until: after(90) } } }, NOW + 30 * 60_000)).toEqual([
        60 + 20 + 5,
      ]);
    });

    it('covers the wait for an approval, under the policy with the fewest approvers', async () => {
      vault.offers.set('10', [anOffer({ approvers: 2 }), anOffer({ approvers: 1 })]);
      expect(await minutesOf({ rule })).toEqual([60 + 20 + 120 + 5]);
      vault.offers.set('10', [anOffer({ approvers: 2 }), anOffer()]);
      vault.open.clear();
      expect((await minutesOf({ rule })).at(-1)).toBe(60 + 20 + 5);
    });

    it('covers the wait for items that other clients hold', async () => {
      expect(await minutesOf({ rule, numbers: [1, 2] })).toEqual([60 + 20 + 120 + 5, 60 + 20 + 120 + 5]);
    });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createRequestCheckout } from '#functions/request/request-checkout.ts';
import {
  aCheckoutRun,
  after,
  aRecord,
  MARKER,
  NOW,
  type RecordedCheckout,
  RUN,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { anOffer, fakeVault, memoryRecords, pageOf } from '#test/support/fakes.ts';

const OURS = `Replace a disk ${MARKER}`;

describe('requesting for a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    vault = fakeVault();
  });
  const request = async (checkout: RecordedCheckout = {}, now = NOW) => {
    const records = memoryRecords();
    await recordCheckout(records, checkout);
    const step = createRequestCheckout({ relayId: 'relay', vaultOf: () => vault.vault, records, now: () => now });
    return step(aCheckoutRun);
  };
  const minutesOf = async (checkout: RecordedCheckout, now = NOW) => {
    await request(checkout, now);
    return vault.terms.map(({ durationMinutes }) => durationMinutes);
  };
  const refusal = (message: string) => ({ name: 'CheckoutRefused', message: expect.stringContaining(message) });

  it('opens one request for each account, and says how each stands', async () => {
    expect(await request({ accountIds: [1, 2] })).toEqual({
      at: after(0),
      conflict: false,
      leases: [
        { item: 0, requestId: 101, status: 'active' },
        { item: 1, requestId: 102, status: 'active' },
      ],
    });
  });

  it('asks under the reason of the message, with the marker that everything of ours is found by', async () => {
    await request();
    expect(vault.terms).toMatchObject([
      { reason: OURS, accessType: 'View', rotateOnCheckIn: true, whenOpen: 'refuse' },
    ]);
  });

  it('takes for its own what an earlier attempt opened, pending or not, and asks for the rest only', async () => {
    vault.opened({ requestId: 7, accountId: 1, reason: OURS, status: 'pending', expiresAt: after(90) });
    expect(await request({ accountIds: [1, 2] })).toMatchObject({
      conflict: false,
      leases: [
        { item: 0, requestId: 7, status: 'pending', expiresAt: after(90) },
        { item: 1, requestId: 101 },
      ],
    });
    expect(vault.terms.map(({ accountId }) => accountId)).toEqual([2]);
  });

  it('waits while the vault changes a credential, since what it delivered would be stale at once', async () => {
    const { items } = aRecord();
    const changing = items.map(({ account }) => ({ ...account, changing: true }));
    vault = fakeVault([pageOf(changing)]);
    expect(await request()).toMatchObject({ conflict: true, leases: [] });
    expect(vault.terms).toEqual([]);
  });

  it('finds a request whose answer got lost when it is repeated', async () => {
    vault.fail('openRequest', 10, 'VaultUnavailable', { mayHaveHappened: true });
    await expect(request()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(await request()).toMatchObject({ leases: [{ requestId: 101 }] });
    expect(vault.count('openRequest')).toBe(1);
  });

  it.each([
    ['a person', 'by hand'],
    ['a sync', 'pam-relay delivers [relay/databases.1/0]'],
    ['another checkout', 'Replace a disk [relay/tickets.CHG2/0]'],
    ['another relay', `Replace a disk [other/${RUN}/0]`],
  ])('never shares what %s has open, and asks for nothing beyond it', async (_who, reason) => {
    vault.opened({ requestId: 7, accountId: 2, reason });
    const { conflict, leases } = await request({ accountIds: [1, 2, 3] });
    expect({ conflict, leases }).toMatchObject({ conflict: true, leases: [{ item: 0 }] });
    expect(leases).toHaveLength(1);
    expect(vault.terms.map(({ accountId }) => accountId)).toEqual([1, 2]);
  });

  it('waits when the vault refuses another request for the account', async () => {
    vault.fail('openRequest', 10, 'RequestConflict');
    expect(await request()).toEqual({ at: after(0), conflict: true, leases: [] });
  });

  it('fails with what is no conflict', async () => {
    vault.fail('openRequest', 10, 'NotRequestable');
    await expect(request()).rejects.toMatchObject({ name: 'NotRequestable' });
  });

  it('asks the vault first whether it would grant the window, and for nothing when it would not', async () => {
    vault.offers.set(10, [anOffer({ accessType: 'RDP' })]);
    await expect(request()).rejects.toMatchObject(
      refusal("gives the relay's user View access to db-01/a10 now, for 60 minutes"),
    );
    expect(vault.calls).toContainEqual(['testAccess', 10, 60]);
    expect(vault.terms).toEqual([]);
  });

  it.each([
    ['ssh-ticket', 'SSH'],
    ['rdp-file', 'RDP'],
    ['application', 'App'],
  ] as const)('asks for the access that a session needs: %s', async (handsOut, accessType) => {
    vault.offers.set(10, [anOffer(), anOffer({ accessType })]);
    await request({ rule: { handsOut } });
    expect(vault.terms).toMatchObject([{ accessType }]);
  });

  it('sends the ticket, and refuses to ask without one where the policy wants it', async () => {
    vault.offers.set(10, [anOffer({ requiresTicket: true })]);
    await expect(request()).rejects.toMatchObject(refusal('asks for a ticket'));
    await request({ order: { ticket: 'CHG-7' }, rule: { ticketSystemId: 3 } });
    expect(vault.terms).toMatchObject([{ ticket: { number: 'CHG-7', systemId: 3 } }]);
  });

  it('files the ticket in the system that the policy names, unless the rule names one', async () => {
    vault.offers.set(10, [anOffer({ requiresTicket: true, ticketSystemId: 2 })]);
    await request({ order: { ticket: 'CHG-7' } });
    expect(vault.terms).toMatchObject([{ ticket: { number: 'CHG-7', systemId: 2 } }]);
  });

  it('does not have the credential changed where the rule says so', async () => {
    await request({ rule: { rotateOnCheckIn: false } });
    expect(vault.terms).toMatchObject([{ rotateOnCheckIn: false }]);
  });

  describe('for how long', () => {
    const rule = { extensionMinutes: 20, approvalHours: 2 };
    it('lasts for the window, its longest extension and five minutes, so that it is ended by us', async () => {
      expect(await minutesOf({ rule })).toEqual([60 + 20 + 5]);
    });

    it('lasts until the window ends that ends at a time', async () => {
      expect(await minutesOf({ rule, order: { window: { until: after(90) } } }, NOW + 30 * 60_000)).toEqual([
        60 + 20 + 5,
      ]);
    });

    it('outlasts the wait for an approval, by the policy that asks the fewest', async () => {
      vault.offers.set(10, [anOffer({ minApprovers: 2 }), anOffer({ minApprovers: 1 })]);
      expect(await minutesOf({ rule })).toEqual([60 + 20 + 120 + 5]);
      vault.offers.set(10, [anOffer({ minApprovers: 2 }), anOffer()]);
      vault.open.clear();
      expect((await minutesOf({ rule })).at(-1)).toBe(60 + 20 + 5);
    });

    it('outlasts the wait for the other accounts, whoever has them', async () => {
      expect(await minutesOf({ rule, accountIds: [1, 2] })).toEqual([60 + 20 + 120 + 5, 60 + 20 + 120 + 5]);
    });

    it('is never longer than the vault grants', async () => {
      expect(await minutesOf({ rule: { extensionMinutes: 600 } })).toEqual([600]);
    });
  });
});

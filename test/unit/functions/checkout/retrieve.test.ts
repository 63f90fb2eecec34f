import { beforeEach, describe, expect, it } from 'vitest';
import { createRetrieveCheckout } from '#functions/checkout/retrieve/retrieve.ts';
import { newStamp } from '#shared/domain/checkout/stamps.ts';
import { signalAt } from '#shared/records/signals.ts';
import { Secret } from '#shared/secret.ts';
import type { CheckoutLease } from '#shared/workflows/checkout.ts';
import type { Run } from '#shared/workflows/run.ts';
import {
  aCheckoutRun,
  after,
  CHECKOUT,
  MARKER,
  NOW,
  OTHER_CHECKOUT,
  type RecordedCheckout,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords, memorySignals } from '#test/support/fakes.ts';

const NAME = 'checkouts/CHG1/db-01/a10';

/** 32 hex digits. */
const numbered = (number: number): string => String(number).padStart(32, '0');
const stampOf = (number: number, { run }: Pick<Run, 'run'> = CHECKOUT): string => newStamp(run, numbered(number));

describe('retrieving for a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  let signals: ReturnType<typeof memorySignals>;
  let stamps: number;
  let clock: number;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    signals = memorySignals();
    stamps = 0;
    clock = NOW;
  });
  const lease = (item: number, number: number): CheckoutLease => {
    const id = String(101 + item);
    vault.opened({ id, item: String(number) });
    return { item, id, status: 'active' };
  };
  const retrieve = async (leases: CheckoutLease[], checkout: RecordedCheckout = {}) => {
    const records = memoryRecords();
    await recordCheckout(records, checkout);
    return createRetrieveCheckout({
      relayId: 'relay',
      vaultOf: async () => vault.vault,
      storeFor: async () => store.store,
      placeOf: async (name) => name,
      records,
      signals,
      now: () => clock,
      random: () => numbered(++stamps),
    })({ ...aCheckoutRun, requested: { at: after(0), conflict: false, leases } });
  };
  const values = () => Object.fromEntries([...store.values].map(([name, value]) => [name, value.reveal()]));

  it('delivers the credential of each item under its own name', async () => {
    const leases = [lease(0, 1), lease(1, 2)];
    expect(await retrieve(leases, { numbers: [1, 2] })).toEqual({
      at: after(0),
      delivered: 2,
      gone: false,
    });
    expect(values()).toEqual({
      'checkouts/CHG1/db-01/a1': 'credential of 1',
      'checkouts/CHG1/db-01/a2': 'credential of 2',
    });
  });

  it('passes on the warnings of the store', async () => {
    const { deliver } = store.store;
    const warning = 'The replica failed.';
    store.store.deliver = async (delivery) => ({ ...(await deliver(delivery)), warning });
    expect(await retrieve([lease(0, 1)], { numbers: [1] })).toMatchObject({ delivered: 1, warnings: [warning] });
  });

  it.each(['released', 'closing', 'report'] as const)(
    'delivers nothing once the checkout has its signal %s',
    async (note) => {
      await signals.put(signalAt[note](CHECKOUT));
      expect(await retrieve([lease(0, 10)])).toEqual({ at: after(0), delivered: 0, gone: true });
      expect(values()).toEqual({});
    },
  );

  it('delivers nothing once its window, with its extensions, is over', async () => {
    const order = (minutes: number) => ({
      order: { window: { until: after(minutes) } },
      rule: { extensionMinutes: 30 },
    });
    expect(await retrieve([lease(0, 10)], order(0))).toEqual({ at: after(0), delivered: 0, gone: false, late: true });
    expect(values()).toEqual({});
    await signals.put(signalAt.extended(CHECKOUT, NOW + 60_000));
    expect(await retrieve([lease(0, 10)], order(0))).toEqual({ at: after(0), delivered: 1, gone: false });
    expect(await retrieve([lease(0, 10)], order(-30))).toMatchObject({ delivered: 0, late: true });
  });

  it('delivers nothing if the checkout is released while the delivery waits for the pace of the store', async () => {
    const { deliver } = store.store;
    store.store.deliver = async (delivery) => {
      await signals.put(signalAt.released(CHECKOUT));
      return deliver(delivery);
    };
    expect(await retrieve([lease(0, 10)])).toEqual({ at: after(0), delivered: 0, gone: true });
    expect(values()).toEqual({});
  });

  it('reports what it delivered if its window ends between two items', async () => {
    const { list } = signals;
    const { deliver } = store.store;
    const delivered = Promise.withResolvers<void>();
    let looks = 0;
    signals.list = async (prefix) => {
      looks += 1;
      if (looks === 3) await delivered.promise;
      return list(prefix);
    };
    store.store.deliver = async (delivery) => {
      const done = await deliver(delivery);
      clock += 60_000;
      delivered.resolve();
      return done;
    };
    const order = { window: { until: after(1) } };
    expect(await retrieve([lease(0, 1), lease(1, 2)], { numbers: [1, 2], order })).toMatchObject({
      ...{ delivered: 1, gone: false, late: true },
    });
  });

  it('delivers nothing if the checkout is released while its credential is read', async () => {
    const held = lease(0, 10);
    const list = signals.list;
    let looks = 0;
    signals.list = async (prefix) => {
      looks += 1;
      if (looks === 2) await signals.put(signalAt.released(CHECKOUT));
      return list(prefix);
    };
    expect(await retrieve([held])).toEqual({ at: after(0), delivered: 0, gone: true });
    expect(values()).toEqual({});
  });

  it('returns only its progress: no credential and nothing derived from one', async () => {
    const output = await retrieve([lease(0, 10)], { rule: { delivers: 'dsskey', value: '{credential} {passphrase}' } });
    expect(values()).toEqual({ [NAME]: 'credential of 10 passphrase of 10' });
    expect(JSON.stringify(output)).not.toMatch(/credential|passphrase/);
  });

  it('writes the value of the rule, with the id of the checkout', async () => {
    await retrieve([lease(0, 10)], {
      rule: { value: { user: '{accountName}', secret: '{credential}', for: '{checkoutId}' } },
    });
    expect(values()).toEqual({ [NAME]: '{"user":"a10","secret":"credential of 10","for":"CHG1"}' });
  });

  it('describes the secret by its checkout and item, which are not confidential', async () => {
    await retrieve([lease(0, 10)]);
    expect(store.deliveries).toMatchObject([
      { description: 'Checkout tickets.CHG1 of db-01/a10, delivered by pam-relay.', expected: 'absent' },
    ]);
  });

  it('delivers again over its own earlier delivery when it is repeated', async () => {
    const leases = [lease(0, 10)];
    await retrieve(leases);
    await retrieve(leases);
    expect(store.deliveries.map(({ stamp, expected }) => [stamp, expected])).toEqual([
      [stampOf(1), 'absent'],
      [stampOf(2), { stamp: stampOf(1) }],
    ]);
  });

  it('delivers into a retired secret as if it were absent', async () => {
    store.presences.set(NAME, { kind: 'owned', stamp: stampOf(7), retired: true });
    await retrieve([lease(0, 10)]);
    expect(store.deliveries).toMatchObject([{ expected: 'absent' }]);
  });

  it.each([
    ['that still runs', false],
    ['that is over and can be restored', true],
  ])('never delivers into the secret of another checkout %s, even with the same id', async (_what, retired) => {
    store.presences.set(NAME, { kind: 'owned', stamp: stampOf(1, OTHER_CHECKOUT), retired });
    await expect(retrieve([lease(0, 10)])).rejects.toMatchObject({
      name: 'CheckoutRefused',
      message: `Store aws: the secret ${NAME} belongs to another checkout. Send the request again with another id, or after that checkout has ended.`,
    });
    expect(store.deliveries).toEqual([]);
  });

  it('overwrites what a person wrote or handed over', async () => {
    store.presences.set(NAME, { kind: 'owned', stamp: 'd0a1c3b2-0000-4000-8000-000000000001', retired: false });
    await retrieve([lease(0, 10)]);
    expect(store.deliveries).toMatchObject([{ expected: { stamp: expect.stringMatching(/^d0a1/) } }]);
  });

  it('delivers into its own secret that has no stamp', async () => {
    store.presences.set(NAME, { kind: 'owned', stamp: undefined, retired: false });
    await retrieve([lease(0, 10)]);
    expect(store.deliveries).toMatchObject([{ expected: 'unstamped' }]);
  });

  it('never writes into a foreign secret, and describes how to hand it over', async () => {
    store.presences.set(NAME, { kind: 'foreign' });
    await expect(retrieve([lease(0, 10)])).rejects.toMatchObject({
      name: 'SecretForeign',
      message: expect.stringContaining(`adopt ${NAME}`),
    });
    expect(store.deliveries).toEqual([]);
  });

  it('reports a lease that was ended before the read as gone', async () => {
    const leases = [lease(0, 10)];
    vault.open.clear();
    expect(await retrieve(leases)).toEqual({
      at: after(0),
      delivered: 0,
      gone: true,
    });
    expect(values()).toEqual({});
  });

  it('delivers nothing and waits if another user has one of the items', async () => {
    vault.fail('read', '102', 'RequestConflict');
    const leases = [lease(0, 1), lease(1, 2)];
    expect(await retrieve(leases, { numbers: [1, 2] })).toEqual({
      at: after(0),
      delivered: 0,
      gone: false,
      conflict: true,
    });
    expect([values(), store.deliveries]).toEqual([{}, []]);
  });

  it('never reads without a required lease, even if the lease was lost', async () => {
    expect(await retrieve([])).toMatchObject({ gone: true });
    expect(vault.count('readPlain')).toBe(0);
    expect(values()).toEqual({});
  });

  it('waits for all deliveries if one item fails, because a later delivery would outlive the checkout', async () => {
    vault.fail('read', '101', 'VaultUnavailable');
    const leases = [lease(0, 1), lease(1, 2), lease(2, 3)];
    await expect(retrieve(leases, { numbers: [1, 2, 3] })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(store.deliveries).toHaveLength(2);
    expect(vault.calls.at(-1)).toEqual(['signOut']);
  });

  it('throws the failure if one lease is gone and another item fails', async () => {
    const leases = [lease(0, 1), lease(1, 2)];
    vault.open.delete('101');
    store.fail('checkouts/CHG1/db-01/a2', 'StoreUnavailable');
    await expect(retrieve(leases, { numbers: [1, 2] })).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('throws if a lease is still pending', async () => {
    const leases = [lease(0, 10)];
    vault.opened({ id: '101', item: '10', status: 'pending' });
    await expect(retrieve(leases, { rule: { delivers: 'rdp-file' } })).rejects.toMatchObject({
      name: 'ApprovalPending',
    });
  });

  describe('a target session', () => {
    const rule = { delivers: 'ssh-ticket' };
    it('delivers its ticket like a credential, and notes its id, by which it is ended', async () => {
      expect(await retrieve([lease(0, 10)], { rule })).toMatchObject({ gone: false });
      expect([...signals.keys]).toEqual([signalAt.session(CHECKOUT, '102')]);
      expect(values()).toEqual({ [NAME]: 'session 102 of 10' });
    });

    it('has no id to note if a file opens it', async () => {
      vault.reads.set('10', { content: { secret: new Secret('a file') } });
      expect(await retrieve([lease(0, 10)], { rule: { delivers: 'rdp-file' } })).toMatchObject({ gone: false });
      expect([...signals.keys]).toEqual([]);
    });

    it('is noted even if its delivery failed', async () => {
      store.fail(NAME, 'StoreUnavailable');
      await expect(retrieve([lease(0, 10)], { rule })).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect([...signals.keys]).toEqual([signalAt.session(CHECKOUT, '102')]);
    });

    it('is noted even if the lease of another item is gone', async () => {
      const leases = [lease(0, 1), lease(1, 2)];
      vault.open.delete('101');
      expect(await retrieve(leases, { rule, numbers: [1, 2] })).toEqual({
        at: after(0),
        delivered: 1,
        gone: true,
      });
      expect([...signals.keys]).toEqual([signalAt.session(CHECKOUT, '103')]);
    });
  });

  describe('without a lease', () => {
    const isa = { access: 'isa', extensionMinutes: 10 };
    it('reads a credential for the window and its longest extension', async () => {
      await retrieve([], { rule: isa });
      expect(vault.calls).toContainEqual(['readPlain', '10', 70]);
      await retrieve([], { rule: { ...isa, delivers: 'dsskey' }, order: { window: { until: after(20) } } });
      expect(vault.calls).toContainEqual(['readPlain', '10', 30]);
    });

    it('opens a target session, with the marker in its reason', async () => {
      await retrieve([], { rule: { ...isa, delivers: 'rdp-ticket' } });
      expect([...signals.keys]).toEqual([signalAt.session(CHECKOUT, '101')]);
      expect(vault.readTerms).toMatchObject([{ reason: `Replace a disk ${MARKER}` }]);
    });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createRequest } from '#functions/sync/request/request.ts';
import type { Access, Leases, Source, Vault } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { RelayError } from '#shared/errors.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { recordAt } from '#shared/records/records.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aBatchRun, aLease, BATCH_MARKER, batchItem } from '#test/support/batches.ts';
import { aConfig } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryOpenBatches, memoryRecords } from '#test/support/fakes.ts';

const ours = writeReason(BATCH_MARKER);
const theirs = writeReason({ ...BATCH_MARKER, run: 'databases.0' });
const CHECKOUT = '[relay/checkout/tickets/tickets.CHG1/0]';

const leasesOf = (access: Access): Leases => {
  if (access.kind !== 'leases') throw new Error('The fake vault reads under leases.');
  return access;
};

describe('request', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  let openBatches: ReturnType<typeof memoryOpenBatches>;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    openBatches = memoryOpenBatches();
  });
  const request = async (items: readonly BatchItem[], order = {}, opened = vault.vault) => {
    const records = memoryRecords();
    await records.write(recordAt.batch(BATCH_MARKER, 0), { items: [...items], retire: [] });
    const step = createRequest({
      relayId: 'relay',
      config: aConfig(),
      vaultOf: async () => opened,
      storeFor: async () => store.store,
      records,
      openBatches,
      calls: () => NO_CALLS,
    });
    return step(aBatchRun(order));
  };

  it('opens no lease before the store can take the batch', async () => {
    openBatches.enter = async () => {
      throw new RelayError('LimitReached', 'busy');
    };
    await expect(request([batchItem(1)])).rejects.toMatchObject({ name: 'LimitReached' });
    expect(vault.open.size).toBe(0);
  });

  it('opens no lease that the limits of the vault do not allow, and gives its place at the stores back', async () => {
    const admit = async (): Promise<void> => {
      throw new RelayError('LimitReached', 'The hour is over.');
    };
    const limited: Vault = {
      ...vault.vault,
      session: (work) =>
        vault.vault.session((session) =>
          work({ ...session, access: (...rule) => ({ ...leasesOf(session.access(...rule)), admit }) }),
        ),
    };
    await expect(request([batchItem(1)], {}, limited)).rejects.toMatchObject({ name: 'LimitReached' });
    expect(vault.open.size).toBe(0);
    expect(openBatches.calls.map((call) => call.split(' ')[0])).toEqual(['enter', 'leave']);
  });

  it('does not wait for the store if every target is up to date', async () => {
    store.presences.set('prod/1', { kind: 'owned', stamp: 'stamp of prod/1', retired: false });
    const { settled } = await request([batchItem(1)]);
    expect(settled).toMatchObject([{ outcome: 'unchanged' }]);
    expect(openBatches.calls).toEqual([]);
  });

  it('opens one lease for each item, and lists once', async () => {
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toEqual([aLease(0), aLease(1)]);
    expect(settled).toEqual([]);
    expect(vault.count('held')).toBe(1);
  });

  it('requests the minutes of the rule, shares existing leases, and requests no change at the end', async () => {
    await request([batchItem(1)]);
    expect(vault.terms).toEqual([{ item: '1', reason: ours, changeAtEnd: false, whenHeld: 'share' }]);
  });

  it('makes no call to the vault if the store has every current value', async () => {
    store.presences.set('prod/1', { kind: 'owned', stamp: 'stamp of prod/1', retired: false });
    const { leases, settled } = await request([batchItem(1)]);
    expect({ leases, settled }).toEqual({ leases: [], settled: [{ item: 0, target: 0, outcome: 'unchanged' }] });
    expect(vault.calls).toEqual([]);
  });

  it('reads a current item in a verify run', async () => {
    store.presences.set('prod/1', { kind: 'owned', stamp: 'stamp-0', retired: false });
    const { leases } = await request([batchItem(1, { expected: { stamp: 'stamp-0' } })], { mode: 'verify' });
    expect(leases).toHaveLength(1);
  });

  it('reads an item in a verify run even if an earlier attempt delivered its stamp', async () => {
    store.presences.set('prod/1', { kind: 'owned', stamp: 'stamp of prod/1', retired: false });
    expect((await request([batchItem(1)], { mode: 'verify' })).leases).toHaveLength(1);
  });

  it('refuses a foreign secret before it opens a lease, and returns the command that adopts the secret', async () => {
    store.presences.set('prod/1', { kind: 'foreign' });
    const { settled } = await request([batchItem(1), batchItem(2)]);
    expect(settled).toMatchObject([{ item: 0, outcome: 'failed', failure: { name: 'SecretForeign' } }]);
    expect(settled[0]?.failure?.message).toContain('adopt prod/1');
    expect(vault.count('open')).toBe(1);
  });

  it('opens no lease for an item that the rules of its source refuse', async () => {
    const refusal = new RelayError('NotRequestable', 'It changes after each check-in.');
    const { rules } = vault.vault;
    const refusing = { refusal: (item: Item) => (item.ref.id === '1' ? refusal : undefined) };
    Object.assign(vault.vault, { rules: (rule: Source) => ({ ...rules(rule), ...refusing }) });
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toMatchObject([{ item: 1, ours: true }]);
    expect(settled).toMatchObject([{ item: 0, outcome: 'failed', failure: { name: 'NotRequestable' } }]);
    expect(openBatches.calls).toHaveLength(1);
    expect((await request([batchItem(1)])).leases).toEqual([]);
    expect([vault.count('open'), openBatches.calls.length]).toEqual([1, 1]);
  });

  it('skips a secret that has changed since the plan', async () => {
    store.presences.set('prod/1', { kind: 'owned', stamp: 'newer', retired: false });
    const { settled } = await request([batchItem(1, { expected: { stamp: 'older' } })]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'DeliverySuperseded' } }]);
  });

  it.each(['older', 'stamp of prod/1'])(
    'continues with a secret that was retired at %s and is selected again',
    async (stamp) => {
      store.presences.set('prod/1', { kind: 'owned', stamp, retired: true });
      expect((await request([batchItem(1)])).leases).toHaveLength(1);
    },
  );

  it('shares the lease of another sync without owning it', async () => {
    vault.opened({ id: '7', item: '1', reason: theirs });
    vault.opened({ id: '8', item: '2', reason: writeReason({ ...BATCH_MARKER, rule: 'copies', run: 'copies.1' }) });
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toMatchObject([
      { id: '7', ours: false },
      { id: '8', ours: false },
    ]);
    expect(settled).toEqual([]);
  });

  describe.each([
    ['a person', 'by hand', 'made by another client that signs in'],
    ['a checkout', `Replace a disk ${CHECKOUT}`, 'made by checkout tickets.CHG1'],
    ['a sync of another relay', writeReason({ ...BATCH_MARKER, relayId: 'other' }), 'made by another relay, other'],
  ])('does not use a lease of %s', (_who, reason, words) => {
    it('for an item in use, names the holder, and continues with the other items', async () => {
      vault.opened({ id: '7', item: '1', reason });
      const { leases, settled } = await request([batchItem(1), batchItem(2)]);
      expect(leases).toMatchObject([{ item: 1, ours: true }]);
      expect(settled).toMatchObject([{ item: 0, target: 0, outcome: 'failed', failure: { name: 'RequestConflict' } }]);
      expect(settled[0]?.failure?.message).toContain(words);
    });

    it.each(['shared', 'refused'])('for an item with a pending approval, which the vault has %s', async (answer) => {
      vault.opened({ id: '7', item: '1', reason, status: 'pending' });
      if (answer === 'refused') vault.fail('open', '1', 'RequestConflict');
      else vault.sharesPending();
      const { leases, settled } = await request([batchItem(1)]);
      expect(leases).toEqual([]);
      expect(settled).toMatchObject([{ outcome: 'approvalRequired', failure: { name: 'RequestConflict' } }]);
      expect(settled[0]?.failure?.message).toMatch(new RegExp(`${words}.*waiting for approval`));
    });
  });

  it('does not read under a lease that the vault does not list', async () => {
    vault.opened({ id: '7', item: '1', reason: theirs });
    vault.hidden.add('7');
    const { leases, settled } = await request([batchItem(1)]);
    expect(leases).toEqual([]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'RequestConflict' } }]);
    expect(settled[0]?.failure?.message).toContain('does not list it');
  });

  it('uses the leases that it can read, and ignores unreadable ones', async () => {
    vault.opened({ id: '7', item: '1', reason: theirs });
    vault.opened({ id: '8', item: '2', reason: 'by hand' });
    vault.unreadable.add('8');
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toMatchObject([{ id: '7', ours: false }]);
    expect(settled).toMatchObject([{ item: 1, failure: { name: 'RequestConflict' } }]);
  });

  it('quotes the vault for a conflict that no lease of its user explains', async () => {
    vault.opened({ id: '7', item: '1', reason: 'by hand', opens: 'target-session', status: 'pending' });
    vault.fail('open', '1', 'RequestConflict');
    const { settled } = await request([batchItem(1)]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { message: 'RequestConflict by open' } }]);
  });

  it('recognizes a lease that an earlier attempt of this step opened, by its marker', async () => {
    vault.opened({ id: '9', item: '1', reason: ours });
    expect((await request([batchItem(1)])).leases).toMatchObject([{ id: '9', ours: true }]);
  });

  it('finds a lease whose answer was lost, by its marker', async () => {
    vault.fail('open', '1', 'VaultUnavailable', { mayHaveHappened: true });
    const { leases, settled } = await request([batchItem(1)]);
    expect(leases).toMatchObject([{ id: '101', ours: true }]);
    expect(settled).toEqual([]);
  });

  it('returns the status of a pending lease', async () => {
    vault.opened({ id: '9', item: '1', reason: ours, status: 'pending' });
    vault.fail('open', '1', 'RequestConflict');
    expect((await request([batchItem(1)])).leases).toMatchObject([{ id: '9', ours: true, status: 'pending' }]);
  });

  it('isolates the failure of one item', async () => {
    vault.fail('open', '1', 'NotRequestable');
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toMatchObject([{ item: 1, ours: true }]);
    expect(settled).toMatchObject([{ item: 0, target: 0, outcome: 'failed', failure: { name: 'NotRequestable' } }]);
  });

  it('lists no leases if none can have been opened', async () => {
    vault.fail('open', '1', 'NotRequestable');
    await request([batchItem(1)]);
    expect(vault.count('held')).toBe(0);
  });

  it('uses no existing lease if the list fails, and reports that error', async () => {
    vault.opened({ id: '9', item: '1', reason: ours });
    vault.fail('held', '', 'VaultUnavailable');
    const { leases, settled } = await request([batchItem(1), batchItem(2)]);
    expect(leases).toMatchObject([{ item: 1, ours: true }]);
    expect(settled).toMatchObject([{ item: 0, outcome: 'failed', failure: { name: 'VaultUnavailable' } }]);
  });
});

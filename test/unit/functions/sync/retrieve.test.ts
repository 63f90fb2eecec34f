import { beforeEach, describe, expect, it } from 'vitest';
import { createRetrieve } from '#functions/sync/retrieve/retrieve.ts';
import type { BatchItem, Orphan } from '#shared/domain/plan/batch.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { recordAt } from '#shared/records/records.ts';
import { Secret } from '#shared/secret.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { BatchLease, Settled } from '#shared/workflows/sync.ts';
import { aBatchRun, aLease, BATCH_MARKER, batchItem } from '#test/support/batches.ts';
import { aConfig } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords } from '#test/support/fakes.ts';

interface Given {
  readonly retire?: readonly Orphan[];
  readonly settled?: readonly Settled[];
  readonly order?: Parameters<typeof aBatchRun>[0];
  readonly remainingMs?: number;
  readonly sync?: Record<string, unknown>;
  readonly recovery?: StoreRules['recovery'];
}

const orphan = (name: string): Orphan => ({ store: 'aws', name });

describe('retrieve', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    vault.opened({ id: '101', item: '1' });
    vault.opened({ id: '102', item: '2' });
  });
  const retrieve = async (
    items: readonly BatchItem[],
    leases: readonly BatchLease[],
    { retire = [], settled = [], order = {}, remainingMs = 60_000, sync = {}, recovery = 'days' }: Given = {},
  ) => {
    const records = memoryRecords();
    await records.write(recordAt.batch(BATCH_MARKER, 0), { items: [...items], retire: [...retire] });
    const step = createRetrieve({
      relayId: 'relay',
      config: aConfig({ value: '{credential}', ...sync }),
      vaultOf: async () => vault.vault,
      storeFor: async () => store.store,
      storeRules: async () => ({ recovery }),
      records,
      calls: () => ({ vault: 2, store: 3 }),
    });
    const requested = {
      leases: [...leases],
      settled: [...settled],
      releaseEnds: {},
      retirements: [],
      calls: { vault: 10, store: 20 },
    };
    return step({ ...aBatchRun(order), requested }, { remainingMs: () => remainingMs });
  };

  it('adds its calls to those of the request', async () => {
    const { calls } = await retrieve([batchItem(1)], [aLease(0)]);
    expect(calls).toEqual({ vault: 12, store: 23 });
  });

  it('closes nothing itself, because a check-in may change a credential and belongs after all promotions', async () => {
    store.fail('prod/2', 'StoreDenied');
    await retrieve([batchItem(1), batchItem(2)], [aLease(0), aLease(1)]);
    expect(vault.count('close')).toBe(0);
  });

  it('delivers each credential with its stamp, behind the fence that the plan set', async () => {
    const items = [batchItem(1, { expected: { stamp: 'older' } }), batchItem(2)];
    const { settled } = await retrieve(items, [aLease(0), aLease(1)]);
    expect(settled).toEqual([
      { item: 0, target: 0, outcome: 'delivered' },
      { item: 1, target: 0, outcome: 'delivered' },
    ]);
    expect(store.deliveries).toMatchObject([
      { name: 'prod/1', stamp: 'stamp of prod/1', expected: { stamp: 'older' } },
      { name: 'prod/2', stamp: 'stamp of prod/2', expected: 'absent' },
    ]);
    expect(store.values.get('prod/1')?.reveal()).toBe('credential of 1');
  });

  it('describes the secret by its item, which is not confidential', async () => {
    await retrieve([batchItem(1)], [aLease(0)]);
    expect(store.deliveries).toMatchObject([{ description: 'db-01/a1, delivered by pam-relay.' }]);
  });

  it('returns nothing that contains a credential', async () => {
    expect(JSON.stringify(await retrieve([batchItem(1)], [aLease(0)]))).not.toContain('credential of');
  });

  it('keeps earlier outcomes', async () => {
    const settled: Settled[] = [{ item: 0, target: 0, outcome: 'unchanged' }];
    expect((await retrieve([batchItem(1), batchItem(2)], [aLease(1)], { settled })).settled).toHaveLength(2);
  });

  it('does not read under a pending lease, and does not sign in if there is no lease', async () => {
    const { settled } = await retrieve([batchItem(1)], [aLease(0, { status: 'pending' })]);
    expect(settled).toEqual([{ item: 0, target: 0, outcome: 'approvalRequired' }]);
    expect(vault.count('read')).toBe(0);
    await retrieve([batchItem(1)], []);
    expect(vault.count('signIn')).toBe(1);
  });

  it('reports the missing approval that the vault reports', async () => {
    vault.fail('read', '101', 'ApprovalPending');
    const { settled } = await retrieve([batchItem(1)], [aLease(0)]);
    expect(settled).toEqual([{ item: 0, target: 0, outcome: 'approvalRequired' }]);
  });

  it('requests again if the lease of another client ended during the run, and owns the new lease', async () => {
    vault.open.delete('101');
    const { leases, settled } = await retrieve([batchItem(1)], [aLease(0, { ours: false })]);
    expect(settled).toEqual([{ item: 0, target: 0, outcome: 'delivered' }]);
    expect(leases).toEqual([aLease(0, { id: '103' })]);
  });

  it('does not own a new lease that it shares with another client', async () => {
    vault.open.delete('101');
    vault.opened({ id: '110', item: '1', reason: writeReason({ ...BATCH_MARKER, rule: 'copies', run: 'copies.1' }) });
    const { leases, settled } = await retrieve([batchItem(1)], [aLease(0, { ours: false })]);
    expect(leases).toEqual([aLease(0, { id: '110', ours: false })]);
    expect(settled).toMatchObject([{ outcome: 'delivered' }]);
  });

  it.each([
    ['a checkout', writeReason({ ...BATCH_MARKER, workflow: 'checkout', rule: 'tickets', run: 'tickets.CHG1' })],
    ['a person', 'by hand'],
    ['another relay', writeReason({ ...BATCH_MARKER, relayId: 'other' })],
  ])('does not read under a lease of %s that replaced the lease of a sync', async (_who, reason) => {
    vault.open.delete('101');
    vault.opened({ id: '110', item: '1', reason });
    const { leases, settled } = await retrieve([batchItem(1)], [aLease(0, { ours: false })]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'RequestConflict' } }]);
    expect(vault.calls).not.toContainEqual(['read', '110']);
    expect(leases.some(({ id }) => id === '110')).toBe(false);
    expect(store.deliveries).toEqual([]);
  });

  it('does not request again if its own lease was ended on purpose', async () => {
    vault.open.delete('101');
    const { settled } = await retrieve([batchItem(1)], [aLease(0)]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'LeaseGone' } }]);
    expect(vault.count('open')).toBe(0);
  });

  it('keeps the renewed lease if a later call fails, so that it is closed', async () => {
    vault.open.delete('101');
    store.fail('prod/1', 'StoreDenied');
    const { leases, settled } = await retrieve([batchItem(1)], [aLease(0, { ours: false })]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'StoreDenied' } }]);
    expect(leases).toMatchObject([{ id: '103', ours: true }]);
  });

  it('isolates the failure of one item', async () => {
    vault.fail('read', '101', 'VaultUnavailable');
    const { settled } = await retrieve([batchItem(1), batchItem(2)], [aLease(0), aLease(1)]);
    expect(settled).toMatchObject([
      { item: 0, outcome: 'failed', failure: { name: 'VaultUnavailable' } },
      { item: 1, outcome: 'delivered' },
    ]);
  });

  it('starts no item in the last moments of an invocation', async () => {
    const { settled } = await retrieve([batchItem(1)], [aLease(0)], { remainingMs: 29_000 });
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'OutOfTime' } }]);
    expect(vault.count('read')).toBe(0);
  });

  it('writes only what differs in a verify run', async () => {
    store.values.set('prod/1', new Secret('credential of 1'));
    store.values.set('prod/2', new Secret('something else'));
    const items = [batchItem(1, { expected: { stamp: 'a' } }), batchItem(2, { expected: { stamp: 'b' } })];
    const { settled } = await retrieve(items, [aLease(0), aLease(1)], { order: { mode: 'verify' } });
    expect(settled).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'delivered' }]);
    expect(store.deliveries).toMatchObject([{ name: 'prod/2' }]);
  });

  describe('orphans', () => {
    const sync = { orphans: { policy: 'delete', budget: 5 } };
    const owned = (...names: string[]) => {
      for (const name of names) store.presences.set(name, { kind: 'owned', stamp: 'x', retired: false });
    };
    const retire = async (names: readonly string[], given: Given = { sync }) =>
      (await retrieve([], [], { ...given, retire: names.map(orphan) })).retirements;

    it.each<[ability: StoreRules['recovery'], recoveryDays: unknown, used: unknown]>([
      ['days', undefined, 30],
      ['days', 7, 7],
      ['days', 'none', 'none'],
      ['fixed', undefined, 30],
      ['fixed', 'none', 'none'],
      ['none', 'none', 'none'],
      ['none', 7, 'none'],
    ])('are retired with the recovery of the store and the rule: %s, %s', async (recovery, recoveryDays, used) => {
      const asked: unknown[] = [];
      store.store.retire = async (_name, days) => {
        asked.push(days);
        return true;
      };
      await retire(['prod/9'], { sync: { orphans: { policy: 'delete', recoveryDays } }, recovery });
      expect(asked).toEqual([used]);
    });

    it('are retired only if the policy says so', async () => {
      owned('prod/8', 'prod/9');
      expect(await retire(['prod/8'], {})).toEqual([{ orphan: 0, outcome: 'kept' }]);
      expect(await retire(['prod/9'])).toEqual([{ orphan: 0, outcome: 'retired' }]);
      expect(store.retired).toEqual(['prod/9']);
    });

    it('have separate outcomes: one failure stops none of the others', async () => {
      owned('prod/1', 'prod/2', 'prod/4');
      store.fail('prod/2', 'StoreRejected');
      expect(await retire(['prod/1', 'prod/2', 'prod/3', 'prod/4'])).toEqual([
        { orphan: 0, outcome: 'retired' },
        { orphan: 1, outcome: 'failed', failure: { name: 'StoreRejected', message: 'StoreRejected for prod/2' } },
        { orphan: 2, outcome: 'gone' },
        { orphan: 3, outcome: 'retired' },
      ]);
    });

    it('are not started in the last moments of an invocation', async () => {
      owned('prod/1');
      expect(await retire(['prod/1'], { sync, remainingMs: 29_000 })).toMatchObject([
        { outcome: 'failed', failure: { name: 'OutOfTime' } },
      ]);
      expect(store.retired).toEqual([]);
    });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createReport } from '#functions/sync/report/report.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { recordAt } from '#shared/records/records.ts';
import type { ReportOutput } from '#shared/workflows/sync.ts';
import { aTarget, type BatchGiven, type BatchScene, EMPTY_PLAN, goThrough } from '#test/support/batches.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryPages, memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const VALUE = { value: '{credential}' };
/** An item that is delivered into two stores, under a name of each. */
const ITEM: BatchItem = {
  item: itemNumbered(1),
  targets: [aTarget('prod/one'), aTarget('prod-one', { store: 'other', expected: { stamp: 'older' } })],
};

describe('an item with two targets in two stores', () => {
  let vault: ReturnType<typeof fakeVault>;
  let aws: ReturnType<typeof fakeStore>;
  let other: ReturnType<typeof fakeStore>;
  let scene: BatchScene;
  beforeEach(() => {
    vault = fakeVault();
    aws = fakeStore();
    other = fakeStore([{ name: 'prod-one', stamp: 'older' }]);
    scene = { vault, stores: { aws, other }, records: memoryRecords() };
  });
  const go = (items: readonly BatchItem[] = [ITEM], { sync = {}, ...given }: BatchGiven = {}) =>
    goThrough(scene, items, { sync: { ...VALUE, ...sync }, ...given });
  const valuesIn = ({ values }: ReturnType<typeof fakeStore>) => [...values].map(([name, one]) => [name, one.reveal()]);

  /** Reports the batch, and updates the memory of the item. */
  const report = async (): Promise<ReportOutput> => {
    const { records } = scene;
    await records.write(recordAt.plan(aRun()), {
      ...EMPTY_PLAN,
      items: 1,
      unchanged: { aws: 0, other: 0 },
    });
    const step = createReport({
      config: aConfig(),
      turns: memorySharedRecords(),
      records,
      pages: memoryPages(),
      measure: async () => {},
      notify: async () => {},
      now: () => NOW,
    });
    return step({ ...aRun(), planned: { status: 'planned', batches: [0], concurrency: 1 } });
  };
  const backoffs = async () => (await scene.records.read(recordAt.memory('databases')))?.backoffs;

  it('is read once, and delivered into both, each behind its own fence', async () => {
    const { retrieved, closed } = await go();
    expect(vault.order('open', 'read', 'close')).toEqual(['open', 'read', 'close']);
    expect(closed).toBe(1);
    expect([valuesIn(aws), valuesIn(other)]).toEqual([
      [['prod/one', 'credential of 1']],
      [['prod-one', 'credential of 1']],
    ]);
    expect([...aws.deliveries, ...other.deliveries]).toMatchObject([
      { stamp: 'stamp of prod/one', expected: 'absent' },
      { stamp: 'stamp of prod-one', expected: { stamp: 'older' } },
    ]);
    expect(retrieved.settled).toEqual([
      { item: 0, target: 0, outcome: 'delivered' },
      { item: 0, target: 1, outcome: 'delivered' },
    ]);
    expect(await report()).toMatchObject({ status: 'SUCCEEDED', items: 1, delivered: 2 });
  });

  it('is delivered into one even if the other fails, and its lease is closed', async () => {
    aws.fail('prod/one', 'StoreDenied');
    const { retrieved, closed } = await go();
    expect(retrieved.settled).toMatchObject([
      { item: 0, target: 0, outcome: 'failed', failure: { name: 'StoreDenied' } },
      { item: 0, target: 1, outcome: 'delivered' },
    ]);
    expect(valuesIn(other)).toEqual([['prod-one', 'credential of 1']]);
    expect([closed, vault.open.size]).toEqual([1, 0]);
    expect(await report()).toMatchObject({ status: 'PARTIAL', delivered: 1, failed: 1 });
  });

  it('is delivered into one without waiting for the other store', async () => {
    const arrived: string[] = [];
    let answer = () => {};
    const { deliver } = aws.store;
    aws.store.deliver = async (delivery) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      arrived.push('aws');
      return deliver(delivery);
    };
    const { deliver: deliverToOther } = other.store;
    other.store.deliver = async (delivery) => {
      arrived.push('other');
      answer();
      return deliverToOther(delivery);
    };
    await go();
    expect(arrived).toEqual(['other', 'aws']);
  });

  it('is one of many that reach a store although another store holds up more than it takes at once', async () => {
    const numbers = Array.from({ length: 70 }, (_, index) => index + 1);
    const items = numbers.map((number) => ({
      item: itemNumbered(number),
      targets: [aTarget(`prod/${number}`), aTarget(`prod-${number}`, { store: 'other' })],
    }));
    const { promise: allArrived, resolve } = Promise.withResolvers<void>();
    const { deliver } = aws.store;
    aws.store.deliver = async (delivery) => {
      const delivered = await deliver(delivery);
      if (aws.deliveries.length === items.length) resolve();
      return delivered;
    };
    const { deliver: deliverToOther } = other.store;
    other.store.deliver = async (delivery) => {
      await allArrived;
      return deliverToOther(delivery);
    };
    await go(items);
    expect([aws.deliveries.length, other.deliveries.length]).toEqual([70, 70]);
    expect(vault.count('read')).toBe(70);
  });

  it('is read for the one target that lacks it', async () => {
    aws.presences.set('prod/one', { kind: 'owned', stamp: 'stamp of prod/one', retired: false });
    const { retrieved } = await go();
    expect(retrieved.settled).toEqual([
      { item: 0, target: 0, outcome: 'unchanged' },
      { item: 0, target: 1, outcome: 'delivered' },
    ]);
    expect(aws.deliveries).toEqual([]);
    expect(vault.count('read')).toBe(1);
  });

  it('is not read if each target already has an outcome', async () => {
    aws.presences.set('prod/one', { kind: 'owned', stamp: 'stamp of prod/one', retired: false });
    other.presences.set('prod-one', { kind: 'foreign' });
    const { retrieved } = await go();
    expect(retrieved.settled).toMatchObject([
      { target: 0, outcome: 'unchanged' },
      { target: 1, outcome: 'failed', failure: { name: 'SecretForeign' } },
    ]);
    expect(vault.order('open', 'read', 'readPlain')).toEqual([]);
  });

  it('has an outcome for each target if the read failed', async () => {
    vault.fail('read', '101', 'NotRequestable');
    const { retrieved } = await go();
    expect(retrieved.settled).toMatchObject([
      { target: 0, outcome: 'failed', failure: { name: 'NotRequestable' } },
      { target: 1, outcome: 'failed', failure: { name: 'NotRequestable' } },
    ]);
  });

  it('has an outcome for each remaining target if its lease could not be opened', async () => {
    aws.presences.set('prod/one', { kind: 'owned', stamp: 'stamp of prod/one', retired: false });
    vault.fail('open', '1', 'NotRequestable');
    const { retrieved } = await go();
    expect(retrieved.settled).toMatchObject([
      { target: 0, outcome: 'unchanged' },
      { target: 1, outcome: 'failed', failure: { name: 'NotRequestable' } },
    ]);
  });

  it('compares each target separately in a verify run, and writes only the one that differs', async () => {
    const expected = { expected: { stamp: 'older' } };
    const items = [
      { ...ITEM, targets: [aTarget('prod/one', expected), aTarget('prod-one', { ...expected, store: 'other' })] },
    ];
    await goThrough({ ...scene, vault: fakeVault() }, items, { sync: VALUE });
    other.values.clear();
    const verify: BatchGiven = { order: { mode: 'verify' } };
    const { retrieved } = await go(items, verify);
    expect(retrieved.settled).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'delivered' }]);
  });

  describe('enters backoff', () => {
    it.each(['aws', 'other'])('with the target that fails, and not with the other: %s', async (failing) => {
      aws.fail(failing === 'aws' ? 'prod/one' : '', 'StoreDenied');
      other.fail(failing === 'other' ? 'prod-one' : '', 'StoreDenied');
      await go();
      await report();
      expect(await backoffs()).toMatchObject({ [`${failing} account:1`]: { reason: 'failing', times: 1 } });
      expect(Object.keys((await backoffs()) ?? {})).toHaveLength(1);
    });

    it('with every target if its read fails', async () => {
      vault.fail('read', '101', 'NotRequestable');
      await go();
      await report();
      expect(Object.keys((await backoffs()) ?? {})).toEqual(['aws account:1', 'other account:1']);
    });
  });
});

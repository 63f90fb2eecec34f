import { describe, expect, it, vi } from 'vitest';
import { listHeld } from '#functions/sync/plan/scan.ts';
import { createReport } from '#functions/sync/report/report.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createComparison } from '#shared/domain/plan/comparison.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { recordAt } from '#shared/records/records.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aTarget, EMPTY_PLAN, goThrough } from '#test/support/batches.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryPages, memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const WARNING = 'The replica of the secret prod/one in eu-west-1 failed.';
const ITEM = itemNumbered(1);

describe('a secret whose value is current, and that lacks something beside it', () => {
  const current = stampOf('vault', ITEM, 'as rendered');
  const compare = (incomplete: readonly string[], held = current) =>
    createComparison({
      connection: 'vault',
      targets: [
        {
          store: 'aws',
          nameOf: () => 'prod/one',
          held: new Map([['prod/one', held]]),
          incomplete: new Set(incomplete),
          failures: new Map(),
        },
      ],
      rendering: { fingerprint: () => 'as rendered' },
      memory: emptyMemory(),
      rules: { mode: 'changes', retryParked: false, rotationWindowMinutes: 0, now: 0 },
      distinguishingPlaceholder: '{accountId}',
      ledger: { add: () => 0, withdraw: () => {} },
    }).compare(ITEM, 0);

  it('is planned with the stamp that it has', () => {
    expect(compare([])).toBeUndefined();
    expect(compare(['prod/other'])).toBeUndefined();
    expect(compare(['prod/one'])?.targets).toEqual([
      { store: 'aws', name: 'prod/one', stamp: current, expected: { stamp: current } },
    ]);
    expect(compare(['prod/one'], 'older')?.targets).toMatchObject([{ stamp: current, expected: { stamp: 'older' } }]);
  });

  it('is completed before anything is read from the vault', async () => {
    const vault = fakeVault();
    const aws = fakeStore([{ name: 'prod/one', stamp: 'held' }]);
    const complete = vi.fn(async () => WARNING);
    aws.store.complete = complete;
    const target = aTarget('prod/one', { stamp: 'held', expected: { stamp: 'held' } });
    const scene = { vault, stores: { aws }, records: memoryRecords() };
    const { retrieved } = await goThrough(scene, [{ item: ITEM, targets: [target] }]);
    expect(complete).toHaveBeenCalledExactlyOnceWith('prod/one');
    expect(vault.order('open', 'read')).toEqual([]);
    expect(retrieved.settled).toEqual([{ item: 0, target: 0, outcome: 'unchanged', warning: WARNING }]);
  });
});

describe('a warning of a store', () => {
  it('is taken from its list', async () => {
    const aws = fakeStore();
    aws.store.list = async function* () {
      yield [
        { name: 'prod/one', stamp: 'a', warning: WARNING },
        { name: 'prod/two', stamp: 'b', incomplete: true },
      ];
    };
    const { held, incomplete, warnings } = await listHeld(aws.store);
    expect([[...held.keys()], [...incomplete], warnings]).toEqual([['prod/one', 'prod/two'], ['prod/two'], [WARNING]]);
  });

  it('makes a note of the report, and the item counts as delivered', async () => {
    const records = memoryRecords();
    const batch = { items: [{ item: ITEM, targets: [aTarget('prod/one')] }], retire: [] };
    await records.write(recordAt.plan(aRun()), {
      ...EMPTY_PLAN,
      items: 1,
      unchanged: { aws: 0 },
    });
    await records.write(recordAt.batch(aRun(), 0), batch);
    await records.write(recordAt.batchRecord(aRun(), 0), {
      settled: [{ item: 0, target: 0, outcome: 'delivered', warning: WARNING }],
      checkIns: {},
      retirements: [],
      calls: NO_CALLS,
    });
    const notify = vi.fn(async () => {});
    const pages = memoryPages();
    const report = createReport({
      config: aConfig(),
      turns: memorySharedRecords(),
      records,
      pages,
      measure: async () => {},
      notify,
      now: () => 0,
    });
    const planned = { status: 'planned' as const, batches: [0], concurrency: 1 };
    expect(await report({ ...aRun(), planned })).toMatchObject({ status: 'PARTIAL', delivered: 1, failed: 0 });
    expect(await records.read(recordAt.report(aRun()))).toMatchObject({ notes: [WARNING], remarks: [] });
    expect(notify).toHaveBeenCalledOnce();
  });
});

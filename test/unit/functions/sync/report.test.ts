import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createReport } from '#functions/sync/report/report.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import type { BatchRecord, PlanRecord } from '#shared/records/records.ts';
import { recordAt } from '#shared/records/records.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { type Settled, syncSteps } from '#shared/workflows/sync.ts';
import { batchItem, EMPTY_PLAN } from '#test/support/batches.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { memoryPages, memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const DAY_MS = 86_400_000;
const PLAN: PlanRecord = { ...EMPTY_PLAN, items: 3, unchanged: { aws: 1 } };
/** Outcome of the only target of an item. */
const end = (item: number, outcome: Settled['outcome'], failure?: Settled['failure']): Settled => ({
  item,
  target: 0,
  outcome,
  ...(failure !== undefined && { failure }),
});

describe('report', () => {
  let records: ReturnType<typeof memoryRecords>;
  let pages: ReturnType<typeof memoryPages>;
  const notify = vi.fn(async () => {});
  const measure = vi.fn(async () => {});
  beforeEach(async () => {
    records = memoryRecords();
    pages = memoryPages();
    vi.clearAllMocks();
    await records.write(recordAt.plan(aRun()), PLAN);
    await records.write(recordAt.batch(aRun(), 0), { items: [batchItem(1), batchItem(2)], retire: [] });
  });
  const settle = (settled: Settled[], more: Partial<BatchRecord> = {}) =>
    records.write(recordAt.batchRecord(aRun(), 0), {
      settled,
      checkIns: {},
      retirements: [],
      calls: NO_CALLS,
      ...more,
    });
  const turns = memorySharedRecords();
  const report = (input = {}) => {
    const planned = { status: 'planned', batches: [0], concurrency: 1 };
    const step = createReport({ config: aConfig(), turns, records, pages, measure, notify, now: () => NOW });
    return step(syncSteps.report.input.parse({ ...aRun(), planned, batchEnds: [{ batch: 0 }], ...input }));
  };
  const written = () => records.read(recordAt.report(aRun()));
  const memory = () => records.read(recordAt.memory('databases'));

  it('adds up the outcomes of planning and batches, and sends no alert if all is well', async () => {
    await settle([end(0, 'delivered'), end(1, 'unchanged')]);
    expect(await report()).toEqual({
      status: 'SUCCEEDED',
      items: 3,
      delivered: 1,
      unchanged: 2,
      skipped: 0,
      failed: 0,
      retired: 0,
    });
    expect(notify).not.toHaveBeenCalled();
    expect(measure).toHaveBeenCalledWith(
      expect.objectContaining({ rule: 'databases', order: aRun().order }),
      expect.objectContaining({ status: 'SUCCEEDED' }),
    );
  });

  it('writes the same content as an HTML page beside the record', async () => {
    await settle([end(0, 'delivered'), end(1, 'unchanged')]);
    await report({ startedAt: '2026-01-02T03:59:18Z' });
    expect([...pages.written.keys()]).toEqual([recordAt.report(aRun()).key.replace('.json', '.html')]);
    expect([...pages.written.values()].join()).toContain('<dd>42 s</dd>');
  });

  it('shows the calls of all steps, and the time by the limits', async () => {
    const leastDuration = { seconds: 125, store: 'aws', perSecond: 40 };
    await records.write(recordAt.plan(aRun()), { ...PLAN, calls: { vault: 3, store: 5 }, leastDuration });
    await settle([end(0, 'delivered'), end(1, 'unchanged')], { calls: { vault: 7, store: 20 } });
    await report();
    expect(await written()).toMatchObject({ calls: { vault: 10, store: 25 }, leastDuration });
    const page = [...pages.written.values()].join();
    expect(page).toContain('<dd>10 to the vault, 25 to the stores</dd>');
    expect(page).toContain('<dd>at least 2 min 5 s (40 writes per second to the store aws)</dd>');
  });

  describe('of several stores', () => {
    const failure = { name: 'StoreDenied', message: 'Allow it.' } as const;
    const target = (item: number, at: number, outcome: Settled['outcome']): Settled => ({
      ...end(item, outcome, outcome === 'failed' ? failure : undefined),
      target: at,
    });
    const inThree = (number: number): BatchItem => {
      const { item, targets } = batchItem(number);
      return { item, targets: ['aws', 'slow', 'far'].flatMap((store) => targets.map((one) => ({ ...one, store }))) };
    };
    beforeEach(async () => {
      await records.write(recordAt.plan(aRun()), { ...PLAN, unchanged: { aws: 1, slow: 1, far: 1 } });
      await records.write(recordAt.batch(aRun(), 0), { items: [inThree(1), inThree(2)], retire: [] });
      await settle([
        ...[target(0, 0, 'delivered'), target(0, 1, 'failed'), target(0, 2, 'failed')],
        ...[target(1, 0, 'delivered'), target(1, 1, 'failed'), target(1, 2, 'delivered')],
      ]);
    });

    it('counts the outcomes of each, and names the stores in one remark on each item', async () => {
      expect(await report()).toMatchObject({ status: 'PARTIAL', items: 3, delivered: 3, unchanged: 3, failed: 3 });
      expect(await written()).toMatchObject({
        stores: [
          { store: 'aws', outcomes: { delivered: 2, unchanged: 1, failed: 0 } },
          { store: 'slow', outcomes: { delivered: 0, unchanged: 1, failed: 2 } },
          { store: 'far', outcomes: { delivered: 1, unchanged: 1, failed: 1 } },
        ],
        remarks: [
          { item: 'db-01/a1', stores: ['slow', 'far'] },
          { item: 'db-01/a2', stores: ['slow'] },
        ],
      });
      expect(notify).toHaveBeenCalledWith(
        'pam-relay: sync databases PARTIAL',
        expect.arrayContaining([
          '3 accounts, 3 stores.',
          'Store slow: 1 unchanged, 2 failed.',
          'db-01/a1 in stores slow, far: failed. Allow it.',
        ]),
      );
      expect([...pages.written.values()].join()).toContain('<dt>Store slow</dt><dd>1 unchanged, 2 failed</dd>');
    });

    it('states each target that is current, if the plan of a run over named items does', async () => {
      await report();
      expect(await written()).not.toHaveProperty('current');
      const current = [{ item: 'account:9', store: 'far', name: 'prod/9' }];
      await records.write(recordAt.plan(aRun()), { ...PLAN, current });
      await report();
      expect((await written())?.current).toEqual([
        { item: 'account:1', store: 'aws', name: 'prod/1' },
        { item: 'account:2', store: 'aws', name: 'prod/2' },
        { item: 'account:2', store: 'far', name: 'prod/2' },
        { item: 'account:9', store: 'far', name: 'prod/9' },
      ]);
    });

    it('counts every item as failed in a store that could not be listed, and keeps its absences', async () => {
      const absent = { gone: ['a'], aws: ['b'], former: ['c'] };
      await records.write(recordAt.memory('databases'), { ...emptyMemory(), absent });
      const plan = { ...PLAN, unlisted: { gone: 'StoreUnavailable: closed' }, absences: { aws: { present: [] } } };
      await records.write(recordAt.plan(aRun()), plan);
      await report();
      expect((await written())?.stores).toMatchObject(
        expect.arrayContaining([{ store: 'gone', outcomes: expect.objectContaining({ failed: 3, delivered: 0 }) }]),
      );
      expect((await memory())?.absent).toEqual({ gone: ['a'], aws: ['b'] });
    });
  });

  it('is PARTIAL, and sends an alert, if a store lacks a current value', async () => {
    const failure = { name: 'NotRequestable', message: 'Enable the account for the API.' } as const;
    await settle([end(0, 'delivered'), end(1, 'failed', failure)]);
    expect(await report()).toMatchObject({ status: 'PARTIAL', delivered: 1, failed: 1 });
    expect(notify).toHaveBeenCalledWith(
      'pam-relay: sync databases PARTIAL',
      expect.arrayContaining(['db-01/a2: failed. Enable the account for the API.']),
    );
  });

  it('counts each item of a batch that was never closed as lost, with the error that ended the batch', async () => {
    expect(await report({ batchEnds: [{ batch: 0, error: 'States.Timeout' }] })).toMatchObject({
      status: 'PARTIAL',
      failed: 2,
    });
    expect((await written())?.remarks).toMatchObject([
      { error: 'BatchLost', message: expect.stringContaining('States.Timeout') },
      {},
    ]);
  });

  it('quotes the error that ended the batch for each lost item', async () => {
    await settle([end(0, 'delivered')], { error: 'AnswerMalformed: vault: the answer to GET Requests is cut off.' });
    expect(await report({ batchEnds: [{ batch: 0, error: 'AnswerMalformed' }] })).toMatchObject({ delivered: 1 });
    expect((await written())?.remarks).toMatchObject([
      {
        item: 'db-01/a2',
        error: 'BatchLost',
        message: expect.stringContaining('the answer to GET Requests is cut off.'),
      },
    ]);
  });

  it('counts delivered items as delivered even if their batch could not be closed, and notes that', async () => {
    const leftOpen = 'AnswerMalformed: vault: the answer to GET Requests has no list.';
    await settle([end(0, 'delivered'), end(1, 'delivered')], { leftOpen });
    expect(await report({ batchEnds: [{ batch: 0, open: 'AnswerMalformed' }] })).toMatchObject({
      status: 'PARTIAL',
      delivered: 2,
      failed: 0,
    });
    expect((await written())?.notes).toEqual([
      `One batch could not check in all leases; reap tries again. ${leftOpen}`,
    ]);
  });

  it('reports the reason once if many batches were left open', async () => {
    const batches = [0, 1, 2];
    for (const batch of batches) {
      await records.write(recordAt.batch(aRun(), batch), { items: [batchItem(batch)], retire: [] });
    }
    await report({
      planned: { status: 'planned', batches, concurrency: 1 },
      batchEnds: batches.map((batch) => ({ batch, open: batch === 2 ? 'VaultUnavailable' : 'SignInRefused' })),
    });
    expect((await written())?.notes).toEqual([
      '2 batches could not check in all leases; reap tries again. SignInRefused.',
      'One batch could not check in all leases; reap tries again. VaultUnavailable.',
    ]);
  });

  it('adds up the outcomes of a failed run too, and first reports the error that ended it', async () => {
    await settle([end(0, 'delivered')], { checkIns: { 0: NOW } });
    const error = { Error: 'States.DataLimitExceeded' };
    expect(await report({ batchEnds: undefined, error })).toMatchObject({ status: 'FAILED', items: 3, delivered: 1 });
    expect((await written())?.notes).toEqual(['States.DataLimitExceeded: see the execution.']);
    expect((await memory())?.checkIns).toEqual({ 'account:1': NOW });
  });

  it('reports an unreadable batch, and counts all others', async () => {
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    await report({ planned: { status: 'planned', batches: [0, 1], concurrency: 1 } });
    expect(await written()).toMatchObject({
      status: 'PARTIAL',
      outcomes: { delivered: 2 },
      notes: [expect.stringContaining('batch 1 is unknown. The record runs/databases/databases.1/batches/000001.json')],
    });
  });

  describe('of orphans', () => {
    const orphans = ['a', 'b', 'c', 'd'].map((name) => ({ store: 'aws', name: `prod/${name}` }));
    const failure = { name: 'StoreRejected', message: 'It has replicas: remove them first.' } as const;
    beforeEach(async () => {
      await records.write(recordAt.plan(aRun()), { ...PLAN, items: 1, orphans: { found: 4, retiring: 4 } });
      await records.write(recordAt.batch(aRun(), 0), { items: [], retire: orphans });
    });

    it('counts the retired ones, and names each that was not retired, with the reason', async () => {
      const [retired, gone, failed] = ['retired', 'gone', 'failed'] as const;
      await settle([], {
        retirements: [
          { orphan: 0, outcome: retired },
          { orphan: 1, outcome: failed, failure },
          { orphan: 2, outcome: gone },
          { orphan: 3, outcome: retired },
        ],
      });
      expect(await report()).toMatchObject({ status: 'PARTIAL', retired: 2, failed: 0 });
      expect(await written()).toMatchObject({
        orphans: { found: 4, retired: 2, gone: 1, failed: 1 },
        remarks: [
          { item: 'prod/b', outcome: failed, error: 'StoreRejected', message: expect.stringContaining('replicas') },
        ],
      });
      expect(notify).toHaveBeenCalledWith(
        'pam-relay: sync databases PARTIAL',
        expect.arrayContaining(['4 secrets without an account: 2 retired, 1 gone, 1 failed.']),
      );
    });

    it('counts each one in a lost batch as failed', async () => {
      expect(await report({ batchEnds: [{ batch: 0, error: 'Sandbox.Timedout' }] })).toMatchObject({
        status: 'PARTIAL',
      });
      expect(await written()).toMatchObject({
        orphans: { found: 4, retired: 0, failed: 4 },
        remarks: orphans.map(({ name }) => ({ item: name, error: 'BatchLost' })),
      });
    });

    it('reports no problem if all are retired, already gone, or kept by a changed rule', async () => {
      await settle([], {
        retirements: (['retired', 'gone', 'kept', 'kept'] as const).map((outcome, orphan) => ({ orphan, outcome })),
      });
      expect(await report()).toMatchObject({ status: 'SUCCEEDED', retired: 1 });
    });
  });

  it('counts items that a stopped step left open as lost', async () => {
    await settle([end(0, 'unchanged')]);
    expect(await report()).toMatchObject({ status: 'PARTIAL', failed: 1, unchanged: 2 });
  });

  it('counts every item exactly once', async () => {
    await records.write(recordAt.plan(aRun()), {
      ...PLAN,
      items: 5,
      remarks: [
        { item: 'x', stores: ['aws'], outcome: 'parked', message: '' },
        { item: 'y', stores: ['aws'], outcome: 'changing', message: '' },
      ],
    });
    await settle([end(0, 'approvalRequired')]);
    const { items, delivered, unchanged, skipped, failed } = await report();
    expect({ skipped, failed }).toEqual({ skipped: 3, failed: 1 });
    expect(delivered + unchanged + skipped + failed).toBe(items);
  });

  it('does not become PARTIAL because of items that are changing right now', async () => {
    await records.write(recordAt.plan(aRun()), {
      ...PLAN,
      items: 4,
      remarks: [{ item: 'y', stores: ['aws'], outcome: 'changing', message: '' }],
    });
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    expect(await report()).toMatchObject({ status: 'SUCCEEDED', skipped: 1 });
  });

  it('is PARTIAL if the list was incomplete or the orphans exceeded the budget', async () => {
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    await records.write(recordAt.plan(aRun()), { ...PLAN, complete: false });
    expect(await report()).toMatchObject({ status: 'PARTIAL' });
    await records.write(recordAt.plan(aRun()), {
      ...PLAN,
      orphans: { found: 9, retiring: 0 },
      notes: ['Nothing was deleted'],
    });
    expect(await report()).toMatchObject({ status: 'PARTIAL' });
  });

  it('is PARTIAL for each note of the plan, and repeats the note', async () => {
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    await records.write(recordAt.plan(aRun()), {
      ...PLAN,
      notes: ['The selection matched none of the 3 items listed.'],
    });
    expect(await report()).toMatchObject({ status: 'PARTIAL' });
    expect((await written())?.notes).toEqual(['The selection matched none of the 3 items listed.']);
  });

  it('repeats the lines about skipped items, which leave the status as it is', async () => {
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    await records.write(recordAt.plan(aRun()), { ...PLAN, skipped: ['2 accounts were skipped.'] });
    expect(await report()).toMatchObject({ status: 'SUCCEEDED' });
    expect((await written())?.skipped).toEqual(['2 accounts were skipped.']);
  });

  it('remembers absent secrets until a run finds their items again', async () => {
    await settle([end(0, 'delivered'), end(1, 'delivered')]);
    const after = async (run: string, absences: PlanRecord['absences'][string]) => {
      await records.write(recordAt.plan(aRun()), { ...PLAN, absences: { aws: absences } });
      const before = await memory();
      if (before !== undefined) await records.write(recordAt.memory('databases'), { ...before, run });
      await report();
      return (await memory())?.absent['aws'];
    };
    expect(await after('databases.0', { absent: ['a', 'b'], present: [] })).toEqual(['a', 'b']);
    expect(await after('databases.0', { present: ['b', 'c'] })).toEqual(['a']);
    expect(await after('databases.0', { absent: ['d'], present: [] })).toEqual(['d']);
  });

  it('remembers the changes that the plan learned, or else those that were known', async () => {
    const changes = { listedAt: '2026-01-02T04:00:00.000Z', items: { 'account:1': null } };
    await records.write(recordAt.plan(aRun()), { ...PLAN, changes });
    await report();
    expect((await memory())?.changes).toEqual(changes);
    const next = { ...aRun(), run: 'databases.2' };
    await records.write(recordAt.plan(next), PLAN);
    await records.write(recordAt.batch(next, 0), { items: [], retire: [] });
    await report(next);
    expect(await memory()).toMatchObject({ run: 'databases.2', changes });
  });

  it('remembers check-ins and backoffs for the next run', async () => {
    await settle([end(0, 'delivered'), end(1, 'approvalRequired')], { checkIns: { 0: NOW } });
    await report();
    expect(await memory()).toEqual({
      version: 2,
      run: 'databases.1',
      checkIns: { 'account:1': NOW },
      backoffs: { 'aws account:2': { reason: 'approval', times: 1, parkedUntil: NOW + DAY_MS } },
      absent: {},
    });
  });

  it('produces the same report and the same memory from the same records', async () => {
    await settle([end(0, 'delivered'), end(1, 'approvalRequired')]);
    await report();
    const [first, remembered] = [await written(), await memory()];
    await report();
    expect([await written(), await memory()]).toEqual([first, remembered]);
  });

  it('reports a skipped run as skipped, and leaves the memory unchanged', async () => {
    expect(
      await report({ planned: { status: 'skipped', batches: [], concurrency: 1 }, batchEnds: undefined }),
    ).toMatchObject({ status: 'SKIPPED', items: 0 });
    expect(await memory()).toBeUndefined();
    expect(notify).not.toHaveBeenCalled();
  });

  it('reports a run that failed before its plan, with the message of its error', async () => {
    const error = {
      Error: 'SignInRefused',
      Cause: JSON.stringify({ errorMessage: 'vault: rotate the client secret.' }),
    };
    expect(await report({ planned: undefined, batchEnds: undefined, error })).toMatchObject({ status: 'FAILED' });
    expect((await written())?.notes).toEqual(['SignInRefused: vault: rotate the client secret.']);
    expect(notify).toHaveBeenCalledWith(
      'pam-relay: sync databases FAILED',
      expect.arrayContaining(['SignInRefused: vault: rotate the client secret.']),
    );
  });

  it('remembers releases that end by themselves until their change must be visible', async () => {
    const hour = 3_600_000;
    const before = { ...emptyMemory(), checkIns: { 'account:9': NOW + hour, 'account:8': NOW - 2 * hour } };
    await records.write(recordAt.memory('databases'), before);
    await settle([]);
    await report();
    expect((await memory())?.checkIns).toEqual({ 'account:9': NOW + hour });
  });

  describe('of a run for named items', () => {
    const order = aRun({ items: 'named' }).order;

    it('keeps the memory of all other items, and adds that of its own items', async () => {
      const before = { ...emptyMemory(), checkIns: { 'account:9': 1, 'account:1': 2 } };
      await records.write(recordAt.memory('databases'), before);
      await settle([end(0, 'delivered')], { checkIns: { 0: NOW } });
      await report({ order });
      expect((await memory())?.checkIns).toEqual({ 'account:9': 1, 'account:1': NOW });
    });

    it('sends no alert about parked items, which scheduled runs report', async () => {
      const remarks = [{ item: 'x', stores: ['aws'], outcome: 'parked' as const, message: '' }];
      await records.write(recordAt.plan(aRun()), { ...PLAN, remarks });
      await settle([end(0, 'delivered'), end(1, 'unchanged')]);
      expect(await report({ order })).toMatchObject({ status: 'SUCCEEDED', skipped: 1 });
      expect(notify).not.toHaveBeenCalled();
      expect(await report()).toMatchObject({ status: 'PARTIAL' });
    });
  });
});

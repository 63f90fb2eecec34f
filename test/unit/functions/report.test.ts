import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createReport } from '#functions/report/report.ts';
import type { PlanRecord } from '#shared/records/records.ts';
import { recordAt } from '#shared/records/records.ts';
import { steps } from '#shared/workflow.ts';
import { anAccount } from '#test/support/accounts.ts';
import { aRun } from '#test/support/configs.ts';
import { memoryRecords } from '#test/support/fakes.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const DAY_MS = 86_400_000;
const PLAN: PlanRecord = {
  accounts: 3,
  unchanged: 1,
  complete: true,
  remarks: [],
  troubles: {},
  orphans: { found: 0, retiring: 0 },
};
const item = (accountId: number) => ({
  subject: anAccount({ accountId, accountName: `a${accountId}` }),
  secretName: `prod/${accountId}`,
  versionId: `version-${accountId}`,
});

describe('report', () => {
  let records: ReturnType<typeof memoryRecords>;
  const notify = vi.fn(async () => {});
  const measure = vi.fn(async () => {});
  beforeEach(async () => {
    records = memoryRecords();
    vi.clearAllMocks();
    await records.write(recordAt.plan('databases', 'databases.1'), PLAN);
    await records.write(recordAt.batch('databases', 'databases.1', 0), { items: [item(1), item(2)], retire: [] });
  });
  const settle = (settled: object[], more = {}) =>
    records.write(recordAt.batchRecord('databases', 'databases.1', 0), {
      settled,
      checkIns: {},
      retired: 0,
      ...more,
    } as never);
  const report = (input = {}) => {
    const planned = { status: 'planned', batches: [0], concurrency: 1 };
    const step = createReport({ records, measure, notify, now: () => NOW });
    return step(steps.report.input.parse({ ...aRun(), planned, batchEnds: [{ batch: 0 }], ...input }));
  };
  const written = () => records.read(recordAt.report('databases', 'databases.1'));
  const memory = () => records.read(recordAt.memory('databases'));

  it('adds up what planning and batches settled, and tells nobody when all is well', async () => {
    await settle([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'unchanged' },
    ]);
    expect(await report()).toEqual({
      status: 'SUCCEEDED',
      accounts: 3,
      delivered: 1,
      unchanged: 2,
      skipped: 0,
      failed: 0,
      retired: 0,
    });
    expect(notify).not.toHaveBeenCalled();
    expect(measure).toHaveBeenCalledWith(aRun().order, expect.objectContaining({ status: 'SUCCEEDED' }));
  });

  it('says PARTIAL, to people too, when a store does not hold what it should', async () => {
    const failure = { name: 'NotRequestable', message: 'Enable the account for the API.' };
    await settle([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'failed', failure },
    ]);
    expect(await report()).toMatchObject({ status: 'PARTIAL', delivered: 1, failed: 1 });
    expect(notify).toHaveBeenCalledWith(
      'pam-relay: sync databases PARTIAL',
      expect.stringContaining('db-01/a2: failed. Enable the account for the API.'),
    );
  });

  it('counts a batch that was never closed as lost, each of its accounts, with the error that ended it', async () => {
    expect(await report({ batchEnds: [{ batch: 0, error: 'States.Timeout' }] })).toMatchObject({
      status: 'PARTIAL',
      failed: 2,
    });
    expect((await written())?.remarks).toMatchObject([
      { error: 'BatchLost', message: expect.stringContaining('States.Timeout') },
      {},
    ]);
  });

  it('counts what a step did not live to settle as lost', async () => {
    await settle([{ item: 0, outcome: 'unchanged' }]);
    expect(await report()).toMatchObject({ status: 'PARTIAL', failed: 1, unchanged: 2 });
  });

  it('counts every account exactly once', async () => {
    await records.write(recordAt.plan('databases', 'databases.1'), {
      ...PLAN,
      accounts: 5,
      remarks: [
        { account: 'x', outcome: 'parked', message: '' },
        { account: 'y', outcome: 'changing', message: '' },
      ],
    });
    await settle([{ item: 0, outcome: 'approvalRequired' }]);
    const { accounts, delivered, unchanged, skipped, failed } = await report();
    expect({ skipped, failed }).toEqual({ skipped: 3, failed: 1 });
    expect(delivered + unchanged + skipped + failed).toBe(accounts);
  });

  it('does not call a run PARTIAL for accounts that are changing right now', async () => {
    await records.write(recordAt.plan('databases', 'databases.1'), {
      ...PLAN,
      accounts: 4,
      remarks: [{ account: 'y', outcome: 'changing', message: '' }],
    });
    await settle([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'delivered' },
    ]);
    expect(await report()).toMatchObject({ status: 'SUCCEEDED', skipped: 1 });
  });

  it('says PARTIAL when the list was incomplete or orphans went over the budget', async () => {
    await settle([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'delivered' },
    ]);
    await records.write(recordAt.plan('databases', 'databases.1'), { ...PLAN, complete: false });
    expect(await report()).toMatchObject({ status: 'PARTIAL' });
    await records.write(recordAt.plan('databases', 'databases.1'), {
      ...PLAN,
      orphans: { found: 9, retiring: 0, note: 'Nothing was deleted' },
    });
    expect(await report()).toMatchObject({ status: 'PARTIAL' });
  });

  it('remembers check-ins and troubles for the next run', async () => {
    await settle(
      [
        { item: 0, outcome: 'delivered' },
        { item: 1, outcome: 'approvalRequired' },
      ],
      { checkIns: { 0: NOW } },
    );
    await report();
    expect(await memory()).toEqual({
      version: 1,
      run: 'databases.1',
      checkIns: { '1:1': NOW },
      troubles: { '1:2': { reason: 'approval', times: 1, parkedUntil: NOW + DAY_MS } },
    });
  });

  it('makes the same report and the same memory from the same records', async () => {
    await settle([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'approvalRequired' },
    ]);
    await report();
    const [first, remembered] = [await written(), await memory()];
    await report();
    expect([await written(), await memory()]).toEqual([first, remembered]);
  });

  it('reports a skipped run as skipped and touches no memory', async () => {
    expect(
      await report({ planned: { status: 'skipped', batches: [], concurrency: 1 }, batchEnds: undefined }),
    ).toMatchObject({ status: 'SKIPPED', accounts: 0 });
    expect(await memory()).toBeUndefined();
    expect(notify).not.toHaveBeenCalled();
  });

  it('reports a run that failed before it had a plan, with the message of its error', async () => {
    const error = {
      Error: 'SignInRefused',
      Cause: JSON.stringify({ errorMessage: 'vault: rotate the client secret.' }),
    };
    expect(await report({ planned: undefined, batchEnds: undefined, error })).toMatchObject({ status: 'FAILED' });
    expect((await written())?.notes).toEqual(['SignInRefused: vault: rotate the client secret.']);
    expect(notify).toHaveBeenCalledWith(
      'pam-relay: sync databases FAILED',
      expect.stringContaining('rotate the client secret'),
    );
  });

  it('remembers releases that end by themselves until their change can have been seen', async () => {
    const hour = 3_600_000;
    const before = { version: 1 as const, checkIns: { '9:9': NOW + hour, '9:8': NOW - 2 * hour }, troubles: {} };
    await records.write(recordAt.memory('databases'), before);
    await settle([]);
    await report();
    expect((await memory())?.checkIns).toEqual({ '9:9': NOW + hour });
  });

  describe('of a run that looked at named accounts', () => {
    const order = aRun({ accounts: 'named' }).order;

    it('keeps what is remembered of all others, and adds its own', async () => {
      const before = { version: 1 as const, checkIns: { '9:9': 1, '1:1': 2 }, troubles: {} };
      await records.write(recordAt.memory('databases'), before);
      await settle([{ item: 0, outcome: 'delivered' }], { checkIns: { 0: NOW } });
      await report({ order });
      expect((await memory())?.checkIns).toEqual({ '9:9': 1, '1:1': NOW });
    });

    it('tells nobody of what is parked, which scheduled runs tell of', async () => {
      const remarks = [{ account: 'x', outcome: 'parked' as const, message: '' }];
      await records.write(recordAt.plan('databases', 'databases.1'), { ...PLAN, remarks });
      await settle([
        { item: 0, outcome: 'delivered' },
        { item: 1, outcome: 'unchanged' },
      ]);
      expect(await report({ order })).toMatchObject({ status: 'SUCCEEDED', skipped: 1 });
      expect(notify).not.toHaveBeenCalled();
      expect(await report()).toMatchObject({ status: 'PARTIAL' });
    });
  });
});

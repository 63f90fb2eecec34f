import { describe, expect, it } from 'vitest';
import { zeroOutcomes } from '#shared/domain/outcome.ts';
import { type Holds, noHolds } from '#shared/domain/rotation/holds.ts';
import { createStartNamedRun } from '#shared/messages/named-runs.ts';
import { recordAt } from '#shared/records/records.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord } from '#shared/records/shared-record.ts';
import { readActive, readSwitches } from '#shared/records/turn-records.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { memoryPages, memoryRecords, rulesOf } from '#test/support/fakes.ts';
import { createDeliverRotated } from '../../../../functions/rotate/deliver/deliver.ts';
import { createReportRotation } from '../../../../functions/rotate/report/report.ts';
import { accountsOf, aScene, MINUTE, RUN } from './scene.ts';

const INPUT: RotateStepInput = {
  ...RUN,
  order: { rule: RUN.rule, trigger: 'schedule' },
  planned: { status: 'planned', items: 1 },
};

/** A rotation whose items have rotated. */
const rotated = async (count: number, prepare: (scene: ReturnType<typeof aScene>) => void = () => {}) => {
  const scene = aScene({ canary: count, concurrency: count }, accountsOf(count));
  prepare(scene);
  await scene.plan();
  await scene.advance();
  const records = memoryRecords();
  const started = new Map<string, string>();
  const running = new Set<string>();
  const notices: string[] = [];
  const now = () => scene.clock.now;
  const executionsOf = () => ({
    async start(name: string, input: string) {
      started.set(name, input);
      running.add(name);
      return true;
    },
    find: async () => undefined,
  });
  return {
    ...scene,
    started,
    running,
    notices,
    named: () => [...records.objects].filter(([key]) => key.startsWith('named/')).map(([, text]) => JSON.parse(text)),
    /** Ends the runs of the sync. */
    async end(status?: 'SUCCEEDED' | 'FAILED', name?: string) {
      const items = (await scene.items())?.items ?? {};
      const current = Object.entries(items).flatMap(([item, { targets }]) =>
        targets.map((target) => ({ item, store: target.store, name: name ?? target.name })),
      );
      for (const run of running) {
        const { key } = recordAt.report({ rule: 'databases', run });
        if (status === undefined) continue;
        const outcomes = {
          items: 0,
          outcomes: zeroOutcomes(),
          stores: [],
          orphans: { found: 0, retired: 0, gone: 0, failed: 0 },
        };
        const report = { workflow: 'sync', rule: 'databases', run, status, finishedAt: '', ...outcomes };
        const stated = status === 'SUCCEEDED' ? { current } : {};
        records.objects.set(key, JSON.stringify({ ...report, ...stated, notes: [], remarks: [] }));
      }
      running.clear();
    },
    deliver: () =>
      createDeliverRotated({
        config: aRotationConfig(),
        rulesOf: async (_connection, rule) => rulesOf(rule),
        shared: scene.records,
        records: { read: async (place) => records.read({ ...place }) },
        startNamedRun: createStartNamedRun({ executionsOf, records, now }, 'rotated'),
        notify: async () => {},
        onUnnotified: () => {},
        isRunning: async (run) => running.has(run),
        now,
      })(INPUT),
    old: async () => (await scene.records.read(rotationAt.report(RUN)))?.record.oldCredential,
    report: (input: Partial<RotateStepInput> = {}) =>
      createReportRotation({
        pages: memoryPages(),
        records: scene.records,
        measure: async () => {},
        start: async () => {},
        notify: async (subject) => void notices.push(subject),
        now,
      })({ ...INPUT, ...input }),
  };
};

describe('the delivery of what has rotated', () => {
  it('starts one run of the sync for exactly these items, and waits for its end', async () => {
    const scene = await rotated(2, ({ failedTests }) => failedTests.add('2'));
    expect(await scene.deliver()).toMatchObject({ next: 'wait', waitSeconds: 30 });
    expect(scene.named()).toEqual([{ systemName: 'db-1', accountName: 'a1' }]);
    expect([...scene.started.values()].map((input) => JSON.parse(input))).toMatchObject([
      // A change soon after a check-in by the sync is ours, and must not be parked as the vault's.
      { sync: 'databases', items: 'named', retryParked: true },
    ]);
    expect(await scene.advance()).toMatchObject({ next: 'deliver' });
    await scene.end('SUCCEEDED');
    await scene.deliver();
    expect(await scene.advance()).toMatchObject({ next: 'report', waitSeconds: 0 });
    expect(scene.started.size).toBe(1);
  });

  it('includes items that changed together with a rotated one', async () => {
    const scene = await rotated(2, ({ inspections }) => {
      for (const id of ['1', '2']) inspections.set(id, { set: 'synced' });
    });
    await scene.deliver();
    expect(scene.named()).toHaveLength(2);
  });

  it('ends the holds before, if the step that had to do it died', async () => {
    const scene = await rotated(1);
    const place = holdsAt(aRotationConfig(), 'vault');
    const { clock, records } = scene;
    const changing = { rule: RUN.rule, run: RUN.run, since: clock.now, until: clock.now + 60 * MINUTE };
    const next = { ...noHolds(), entries: { 'account:1': { title: 'db-1/a1', labels: {}, changing } } };
    await changeRecord<Holds, void>(records, place, () => ({ next, result: undefined }));
    await scene.deliver();
    expect((await scene.records.read(place))?.record.entries).toEqual({});
  });

  it('makes the account of a passed turn the active one before, if the step that had to do it died', async () => {
    const scene = await rotated(1);
    const account = { ref: { kind: 'account', id: '7' }, title: 'b', handle: {} };
    const turn = { account, active: 'account:6', switches: 0, switched: false };
    await changeRecord<RotationProgress, void>(scene.records, rotationAt.progress(RUN), (current) => ({
      next: current && { ...current, writes: current.writes + 1, turns: { 'account:1': turn } },
      result: undefined,
    }));
    await scene.deliver();
    await scene.deliver();
    expect(await readActive(scene.records, 'vault')).toEqual({ 'account:1': 'account:7' });
    expect(await readSwitches(scene.records, 'vault', 'account:1')).toBe(1);
  });

  it('does not wait for ever', async () => {
    const scene = await rotated(1);
    await scene.deliver();
    scene.clock.now += 7 * 60 * MINUTE;
    await scene.deliver();
    expect((await scene.progress())?.deliveries).toMatchObject([{ status: 'LOST' }]);
    expect(await scene.report()).toMatchObject({ status: 'PARTIAL', rotated: 1 });
  });
});

describe('the report of a rotation', () => {
  it.each([
    ['SUCCEEDED', 'SUCCEEDED', []],
    ['FAILED', 'PARTIAL', ['pam-relay: rotation weekly PARTIAL']],
  ] as const)('of a delivery that ended as %s is %s', async (end, status, notices) => {
    const scene = await rotated(1);
    await scene.deliver();
    await scene.end(end);
    await scene.deliver();
    expect(await scene.report()).toEqual({ status, requested: 1, rotated: 1, failed: 0, unknown: 0 });
    expect(scene.notices).toEqual(notices);
  });

  it('is PARTIAL, and lists the targets, if a sync succeeded and did not deliver them', async () => {
    const scene = await rotated(1);
    await scene.deliver();
    await scene.end('SUCCEEDED', 'prod/renamed');
    await scene.deliver();
    expect(await scene.report()).toMatchObject({ status: 'PARTIAL', rotated: 1 });
    expect(await scene.old()).toMatchObject({ count: 1, targets: [{ item: 'db-1/a1', name: 'prod/db-1/a1' }] });
  });

  it('lists the targets of what did not rotate, and of what is not delivered yet, with the reasons', async () => {
    const scene = await rotated(2, ({ failedTests }) => failedTests.add('1'));
    await scene.report();
    expect((await scene.old())?.targets.map(({ name, reason }) => [name, reason])).toEqual([
      ['prod/db-1/a1', expect.stringContaining('It ended as changed, test failed.')],
      ['prod/db-2/a2', expect.stringContaining('no run of the sync was started')],
    ]);
    await scene.deliver();
    await scene.report();
    expect((await scene.old())?.targets[1]?.reason).toContain('of the sync has not ended');
    await scene.end('SUCCEEDED');
    await scene.deliver();
    await scene.report();
    expect(await scene.old()).toMatchObject({ count: 1, targets: [{ name: 'prod/db-1/a1' }] });
  });

  it('has each item once, with the cause that stopped the rotation, and gives the rule back', async () => {
    const scene = await rotated(3, ({ failedTests }) => failedTests.add('1'));
    expect(await scene.report()).toMatchObject({ status: 'STOPPED', requested: 3, failed: 1 });
    const report = (await scene.records.read(rotationAt.report(RUN)))?.record;
    expect(report?.items.map(({ title, outcome }) => [title, outcome])).toEqual([
      ['db-1/a1', 'changed, test failed'],
      ['db-2/a2', 'rotated'],
      ['db-3/a3', 'rotated'],
    ]);
    expect((await scene.records.read(rotationAt.active(RUN.rule)))?.record).toEqual({
      run: RUN.run,
      ended: true,
      unfinished: RUN.run,
    });
  });

  it('of a failed run names the error, and leaves the rule of another execution alone', async () => {
    const scene = await rotated(1);
    const run = 'weekly.2';
    const error = { Error: 'SignInRefused', Cause: '{"errorMessage":"refused"}' };
    expect(await scene.report({ run, error })).toMatchObject({ status: 'FAILED', requested: 0 });
    // Nothing is known about any target.
    expect((await scene.records.read(rotationAt.report({ ...RUN, run })))?.record).not.toHaveProperty('oldCredential');
    expect((await scene.records.read(rotationAt.active(RUN.rule)))?.record).toMatchObject({
      run: RUN.run,
      ended: false,
    });
  });
});

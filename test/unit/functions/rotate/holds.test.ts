import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemKey } from '#shared/domain/item.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { decide } from '#shared/domain/plan/decide.ts';
import { holdOn, noHolds } from '#shared/domain/rotation/holds.ts';
import { RelayError } from '#shared/errors.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import type { ChangeBehaviour } from '#test/support/rotating-vault.ts';
import { accountsOf, aScene, MINUTE, RUN } from './scene.ts';

const HOLDS = holdsAt(aRotationConfig(), 'vault');

type Scene = ReturnType<typeof aScene>;

const holdsOf = async ({ records }: Scene) => (await records.read(HOLDS))?.record ?? noHolds();

/** Decision of a sync that plans now about an account whose store has an older credential. */
const decisionOf = async (scene: Scene, id: string, changedAt: string | undefined) => {
  const [account] = accountsOf(1);
  if (account === undefined) throw new Error('There is no account.');
  const item = { ...account, ref: { kind: 'account', id }, changedAt };
  const hold = holdOn(await holdsOf(scene), item, scene.clock.now);
  const rules = { mode: 'changes', retryParked: false, rotationWindowMinutes: 0, now: scene.clock.now } as const;
  return decide({ item, store: 'aws', stamp: 'new', held: 'old', hold }, emptyMemory(), rules).kind;
};

const planned = async (...args: Parameters<typeof aScene>) => {
  const scene = aScene(...args);
  await scene.plan();
  return scene;
};

describe('a rotation and the syncs', () => {
  it('holds an account before its record says that it has started, and before its change', async () => {
    const scene = await planned({}, accountsOf(1));
    const seen: unknown[] = [];
    const { replace } = scene.records;
    scene.records.replace = async (place, record, expected) => {
      if (place.key === rotationAt.progress(RUN).key) seen.push(await decisionOf(scene, '1', undefined));
      return replace(place, record, expected);
    };
    scene.beforeChange(async () => void seen.push('change'));
    await scene.advance();
    expect(seen.slice(0, 2)).toEqual(['changing', 'change']);
    expect((await holdsOf(scene)).entries).toEqual({});
  });

  it('notifies people of a failed test at once, and only once', async () => {
    const scene = await planned({}, accountsOf(1));
    scene.failedTests.add('1');
    await scene.advance();
    await scene.advance();
    expect(scene.notices).toHaveLength(1);
    expect(scene.notices[0]?.join('\n')).toContain('db-1/a1, changed at 2026-03-01T12:00:00.000Z.');
    expect(await decisionOf(scene, '1', '2026-03-01T12:00:00.000Z')).toBe('held');
  });

  it('goes on if the notice of a failed test is not accepted, and sends it later', async () => {
    const scene = await planned({}, accountsOf(1));
    scene.failedTests.add('1');
    scene.refuseNotices(new RelayError('StoreUnavailable', 'The topic is gone.'));
    expect(await scene.advance()).toMatchObject({ next: 'report' });
    expect(scene.unsent).toEqual(['StoreUnavailable']);
    scene.refuseNotices(undefined);
    await scene.advance();
    expect(scene.notices).toHaveLength(1);
  });

  it('holds a change that shows at the deadline until its test', async () => {
    const scene = await planned({ deadlineMinutes: 30 }, accountsOf(1));
    scene.behaviours.set('1', 'does nothing');
    await scene.advance();
    scene.clock.now += 30 * MINUTE;
    scene.change('1');
    scene.clock.now += 10 * MINUTE;
    const [[, date] = []] = await scene.shown();
    expect(await decisionOf(scene, '1', date)).toBe('changing');
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated' });
    expect(await decisionOf(scene, '1', date)).toBe('deliver');
  });

  it('leaves out an account that another rotation is changing', async () => {
    const scene = await planned({ canary: 2 }, accountsOf(2));
    const until = scene.clock.now + MINUTE;
    const entry = {
      title: 'db-1/a1',
      labels: {},
      changing: { rule: 'nightly', run: 'nightly.1', since: until - MINUTE, until },
    };
    await scene.records.replace(HOLDS, { writes: 1, entries: { 'account:1': entry } }, 'absent');
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'skipped', 2: 'rotated' });
    expect((await scene.progress())?.state.items[0]?.reason).toBe('The rotation nightly was already changing it.');
    expect((await holdsOf(scene)).entries).toEqual({ 'account:1': entry });
  });

  it.each([
    ['passes', false, 'rotated', 'deliver'],
    ['fails', true, 'testFailed', 'held'],
  ] as const)(
    'tests a held account again without a change, and the test %s',
    async (_what, fails, status, decision) => {
      const scene = await planned({ canary: 3, concurrency: 3, threshold: { count: 4 } }, accountsOf(3));
      scene.failedTests.add('2').add('3');
      await scene.advance();
      const calls = scene.calls.length;
      if (!fails) scene.failedTests.clear();
      const order = {
        rule: RUN.rule,
        trigger: 'message' as const,
        retest: true,
        items: [{ systemName: 'db-2', accountName: 'a2' }],
      };
      expect(await scene.plan({ run: 'weekly.2', order })).toEqual({ status: 'planned', items: 1 });
      expect(await scene.advance(900_000, {}, { run: 'weekly.2' })).toMatchObject({
        next: fails ? 'report' : 'deliver',
        waitSeconds: 0,
      });
      expect(scene.calls.slice(calls)).toEqual(['states 2', 'test 2']);
      expect(await scene.statuses('weekly.2')).toEqual({ 2: status });
      const date = new Map((await scene.shown()).map(([{ ref }, at]) => [ref.id, at]));
      expect(await decisionOf(scene, '2', date.get('2'))).toBe(decision);
      expect(await decisionOf(scene, '3', date.get('3'))).toBe('held');
      expect(scene.notices).toHaveLength(1);
    },
  );

  it('tests the rest in the next invocation if this one has no time left', async () => {
    const scene = aScene({ concurrency: 1 }, accountsOf(3));
    const [[, changedAt = ''] = []] = await scene.shown();
    const testFailed = { ...RUN, changedAt, notified: true, released: false };
    const entries = [1, 2, 3].map((id) => [`account:${id}`, { title: '', labels: {}, testFailed }] as const);
    await scene.records.replace(HOLDS, { writes: 1, entries: Object.fromEntries(entries) }, 'absent');
    const order = { rule: RUN.rule, trigger: 'message' as const, retest: true };
    expect(await scene.plan({ order })).toEqual({ status: 'planned', items: 3 });
    const remaining = [600_000, 600_000];
    expect(await scene.advance(() => remaining.shift() ?? 100_000)).toMatchObject({ next: 'deliver' });
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'changed' });
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'rotated' });
    expect(scene.count('test')).toBe(3);
  });

  it('leaves the held accounts of another rule to messages to that one', async () => {
    const scene = aScene({}, accountsOf(2));
    const failedBy = (rule: string) => ({
      ...{ title: '', labels: {} },
      testFailed: { ...RUN, rule, changedAt: '2026-01-01T00:00:00Z', notified: true, released: false },
    });
    const config = { ...aRotationConfig(), rotations: { ...aRotationConfig().rotations } };
    const { weekly } = config.rotations;
    if (weekly !== undefined) config.rotations['breach'] = weekly;
    const entries = { 'account:1': failedBy('breach'), 'account:2': failedBy('gone') };
    await scene.records.replace(HOLDS, { writes: 1, entries }, 'absent');
    const order = { rule: RUN.rule, trigger: 'message' as const, retest: true };
    expect(await scene.plan({ order }, {}, config)).toEqual({ status: 'planned', items: 1 });
    expect(await scene.statuses()).toEqual({ 2: 'changed' });
  });

  const anyBehaviour = fc.constantFrom<ChangeBehaviour[]>('changes', 'does nothing', 'refuses', 'changes unclearly');
  const anyCourse = fc.record({
    behaviours: fc.array(anyBehaviour, { minLength: 3, maxLength: 3 }),
    failedTests: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    /** Writes of records at which the step dies, before or after them. */
    crashes: fc.array(fc.record({ write: fc.nat({ max: 25 }), isWritten: fc.boolean() }), { maxLength: 3 }),
    minutes: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 16, maxLength: 16 }),
  });

  it('never let a sync deliver a change that was not tested, or that failed its test', async () => {
    await fc.assert(
      fc.asyncProperty(anyCourse, async ({ behaviours, failedTests, crashes, minutes }) => {
        const rule = { canary: 2, concurrency: 2, threshold: { count: 3 }, deadlineMinutes: 30 };
        const scene = await planned(rule, accountsOf(3));
        for (const [index, behaviour] of behaviours.entries()) scene.behaviours.set(String(index + 1), behaviour);
        for (const [index, fails] of failedTests.entries()) if (fails) scene.failedTests.add(String(index + 1));
        const before = new Map((await scene.shown()).map(([{ ref }, date]) => [itemKey(ref), date]));

        const check = async (): Promise<void> => {
          for (const [{ ref }, date] of await scene.shown()) {
            const progress = (await scene.progress())?.state.items.find(({ id }) => id === itemKey(ref));
            // Only a sync delivers a change that came too late for the rotation.
            if (date === before.get(itemKey(ref)) || progress?.status === 'unknown') continue;
            const isGood = scene.calls.includes(`test ${ref.id}`) && !scene.failedTests.has(ref.id);
            if (!isGood) expect(['changing', 'held']).toContain(await decisionOf(scene, ref.id, date));
          }
        };

        let writes = 0;
        const { replace } = scene.records;
        scene.records.replace = async (place, record, expected) => {
          const crash = crashes.find(({ write }) => write === writes);
          writes += 1;
          const isWritten = crash === undefined || crash.isWritten;
          const version = isWritten ? await replace(place, record, expected) : undefined;
          await check();
          if (crash !== undefined) throw new RelayError('StoreUnavailable', 'The function died.');
          return version;
        };
        scene.onCall(check);
        for (const wait of minutes) {
          const advanced = await scene.advance().catch(() => undefined);
          await check();
          // A failed step is repeated soon. Another one runs at the time that the step has asked for, or before it.
          scene.clock.now += Math.min(wait * MINUTE, (advanced?.waitSeconds ?? 60) * 1000);
          await check();
        }
      }),
      { numRuns: 60 },
    );
  });
});

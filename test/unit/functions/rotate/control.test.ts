import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { type RotateStepInput, rotateSteps } from '#shared/workflows/rotate.ts';
import { CHECKOUT } from '#test/support/checkouts.ts';
import { accountsOf, aScene, MINUTE, RUN } from './scene.ts';

type Scene = ReturnType<typeof aScene>;

const SCHEDULED = { rule: RUN.rule, trigger: 'schedule' } as const;
const RESUMED: RotateStepInput['order'] = {
  rule: RUN.rule,
  trigger: 'message',
  resume: { acceptFailures: false, retry: [] },
};

/** A later execution of the rule. */
const later = (scene: Scene, run: string, order: RotateStepInput['order']): Partial<RotateStepInput> => ({
  run: `weekly.${run}`,
  order,
  startedAt: new Date(scene.clock.now).toISOString(),
});

/** A message stops the rotation now. */
const stopBy = async (scene: Scene): Promise<void> => {
  const place = rotationAt.stop(RUN.rule);
  const version = scene.records.states.get(place.key)?.version ?? 'absent';
  await scene.records.replace(place, { at: scene.clock.now }, version);
};

/** A rotation of four accounts that a message stopped in the pause after its canary. */
const stopped = async (rule: Record<string, unknown> = {}) => {
  const scene = aScene({ pauseMinutes: 10, ...rule }, accountsOf(4));
  await scene.plan();
  await scene.advance();
  scene.clock.now += MINUTE;
  await stopBy(scene);
  scene.clock.now += 10 * MINUTE;
  await scene.advance();
  await scene.report();
  scene.clock.now += MINUTE;
  return scene;
};

/** Advances an execution until it has nothing to start and nothing to look at. */
const finish = async (scene: Scene, more: Partial<RotateStepInput>): Promise<void> => {
  for (let step = 0; step < 20; step += 1) {
    await scene.advance(900_000, {}, more);
    scene.clock.now += 10 * MINUTE;
  }
};

describe('an order for a rule that another execution works on', () => {
  const busy = async () => {
    const scene = aScene();
    await scene.plan();
    scene.running.add(RUN.run);
    return scene;
  };

  it('is skipped if a schedule sent it', async () => {
    const scene = await busy();
    expect(await scene.plan(later(scene, '2', SCHEDULED))).toEqual({ status: 'skipped', items: 0 });
  });

  it('waits otherwise, longer each time, until the other one has ended', async () => {
    const scene = await busy();
    const order = { rule: RUN.rule, trigger: 'message' } as const;
    const more = later(scene, '2', order);
    const waits: (number | undefined)[] = [];
    let planned: RotateStepInput['planned'];
    for (let look = 0; look < 9; look += 1) {
      planned = await scene.plan({ ...more, planned });
      expect(planned.status).toBe('busy');
      waits.push(planned.waitSeconds);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7200]);
    scene.running.clear();
    expect(await scene.plan({ ...more, planned })).toEqual({ status: 'planned', items: 3 });
  });

  it('does not begin after a message that was sent while it waited', async () => {
    const scene = await busy();
    const more = later(scene, '2', { rule: RUN.rule, trigger: 'message' });
    await stopBy(scene);
    scene.running.clear();
    expect(await scene.plan(more)).toEqual({ status: 'stopped', items: 0 });
    expect(await scene.plan()).toEqual({ status: 'planned', items: 3 });
  });
});

describe('a rotation that a message stopped', () => {
  it('starts nothing more, and shows the message that continues it', async () => {
    const scene = await stopped();
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'waiting', 3: 'waiting', 4: 'waiting' });
    expect(scene.notices.at(-1)?.join('\n')).toContain(
      'To continue run weekly.1, send {"type":"rotation.resumed","rotation":"weekly","id":"1"}',
    );
  });

  it('stops between two starts of one invocation', async () => {
    const scene = aScene({ canary: 1, size: 3, concurrency: 1 });
    await scene.plan();
    scene.onCall(async () => {
      scene.onCall(async () => {});
      await stopBy(scene);
    });
    await scene.advance();
    expect(scene.count('change')).toBe(1);
  });

  it('continues where it stopped, so every account changes once and is reported once', async () => {
    const scene = await stopped();
    const requestedBy = { id: 'INC1', sender: 'AROA1234567890ALICE' };
    const resumed = later(scene, '2', { ...RESUMED, requestedBy });
    expect(await scene.plan(resumed)).toEqual({ status: 'planned', items: 4 });
    await finish(scene, resumed);
    expect(await scene.report(resumed)).toMatchObject({ requested: 4, rotated: 4 });
    expect((await scene.records.read(rotationAt.report({ ...RUN, run: 'weekly.2' })))?.record).toMatchObject({
      ...{ startedAt: resumed.startedAt, trigger: 'message', requestedBy, continues: 'weekly.1' },
    });
    expect(await scene.statuses('weekly.2')).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'rotated', 4: 'rotated' });
    expect(scene.calls.filter((call) => call.startsWith('change')).toSorted()).toEqual(
      [1, 2, 3, 4].map((id) => `change ${id}`),
    );
    expect(await scene.plan(later(scene, '3', RESUMED))).toEqual({ status: 'nothing', items: 0 });
  });

  it('keeps the schedule from a new one until it is continued, or a message requests another one', async () => {
    const scene = await stopped();
    const scheduled = later(scene, '2', SCHEDULED);
    const planned = await scene.plan(scheduled);
    expect(planned).toEqual({ status: 'halted', items: 0 });
    expect(await scene.report({ ...scheduled, planned })).toMatchObject({ status: 'SKIPPED' });
    expect(scene.notices.at(-1)?.join('\n')).toContain('"rotation.resumed"');
    const requested = later(scene, '3', { rule: RUN.rule, trigger: 'message' });
    expect(await scene.plan(requested)).toEqual({ status: 'planned', items: 4 });
    await finish(scene, requested);
    await scene.report(requested);
    expect(await scene.plan(later(scene, '4', SCHEDULED))).toEqual({ status: 'planned', items: 4 });
  });

  it.each<[string, Partial<RotateStepInput['order']>]>([
    ['a message', { trigger: 'message', items: [{ systemName: 'DB-2', accountName: 'a2' }] }],
    ['a checkout', { trigger: 'checkout', checkout: { rule: CHECKOUT.rule, run: CHECKOUT.run } }],
  ])('is still continued after a rotation of some of its accounts by %s', async (_what, selection) => {
    const scene = await stopped();
    await scene.checkOut('CHG-7', CHECKOUT, accountsOf(1));
    const some = later(scene, '2', { rule: RUN.rule, trigger: 'message', ...selection });
    expect(await scene.plan(some)).toEqual({ status: 'planned', items: 1 });
    await finish(scene, some);
    await scene.report(some);
    expect(await scene.plan(later(scene, '3', SCHEDULED))).toEqual({ status: 'halted', items: 0 });
    expect(await scene.plan(later(scene, '4', RESUMED))).toEqual({ status: 'planned', items: 4 });
  });

  it('repeats the plan of a resume without another effect', async () => {
    const scene = await stopped();
    const resumed = later(scene, '2', RESUMED);
    const { replace } = scene.records;
    scene.records.replace = async (place, record, expected) => {
      if (place.key.includes('weekly.2/progress')) throw new RelayError('StoreUnavailable', 'The function died.');
      return replace(place, record, expected);
    };
    await expect(scene.plan(resumed)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    scene.records.replace = replace;
    expect(await scene.plan(resumed)).toEqual({ status: 'planned', items: 4 });
    await scene.advance(900_000, {}, resumed);
    const progress = await scene.statuses('weekly.2');
    expect(await scene.plan(resumed)).toEqual({ status: 'planned', items: 4 });
    expect(await scene.statuses('weekly.2')).toEqual(progress);
  });
});

describe('a rotation that failed, or whose execution was killed', () => {
  it('continues with what was started, which changes once', async () => {
    const scene = aScene({}, accountsOf(2));
    await scene.plan();
    scene.beforeChange(async () => {
      scene.beforeChange(async () => {});
      throw new RelayError('VaultUnavailable', 'No answer.', { mayHaveHappened: true });
    });
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'started', 2: 'waiting' });
    scene.change('1');
    expect(await scene.plan(later(scene, '2', SCHEDULED))).toEqual({ status: 'halted', items: 0 });
    const resumed = later(scene, '3', RESUMED);
    await scene.plan(resumed);
    await finish(scene, resumed);
    expect(await scene.statuses('weekly.3')).toEqual({ 1: 'rotated', 2: 'rotated' });
    expect(scene.count('change')).toBe(1);
  });

  it('starts nothing in a late function once another run continues it', async () => {
    const scene = aScene({}, accountsOf(2));
    await scene.plan();
    scene.beforeChange(async () => {
      scene.beforeChange(async () => {});
      // The function was frozen while it changed the first account.
      const resumed = later(scene, '2', RESUMED);
      await scene.plan(resumed);
    });
    await expect(scene.advance()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(scene.advance()).rejects.toMatchObject({ name: 'ContractViolated' });
    expect(scene.count('change')).toBe(1);
    await finish(scene, later(scene, '2', RESUMED));
    expect(await scene.statuses('weekly.2')).toEqual({ 1: 'rotated', 2: 'rotated' });
    expect(scene.count('change')).toBe(2);
  });

  it('lets a schedule begin if it had not planned anything', async () => {
    const scene = aScene();
    scene.records.replace = async () => {
      throw new RelayError('StoreUnavailable', 'No answer.');
    };
    await expect(scene.plan()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    const fresh = aScene();
    await fresh.records.replace(rotationAt.active(RUN.rule), { run: RUN.run, ended: false }, 'absent');
    expect(await fresh.plan(later(fresh, '2', SCHEDULED))).toEqual({ status: 'planned', items: 3 });
  });
});

describe('a rotation that its failures stopped', () => {
  const failed = async () => {
    const scene = aScene({ canary: 2, threshold: { count: 1 }, concurrency: 2 }, accountsOf(4));
    scene.behaviours.set('2', 'refuses');
    await scene.plan();
    await scene.advance();
    await scene.report();
    scene.behaviours.clear();
    return scene;
  };
  const wishing = (resume: { acceptFailures: boolean; retry: Record<string, string>[] }) =>
    ({ rule: RUN.rule, trigger: 'message', resume }) as const;

  it('stops again at once if the failures are neither accepted nor retried', async () => {
    const scene = await failed();
    const resumed = later(scene, '2', RESUMED);
    await scene.plan(resumed);
    expect(await scene.advance(900_000, {}, resumed)).toMatchObject({ waitSeconds: 0 });
    expect(scene.count('change')).toBe(2);
  });

  it('goes on without what failed if the failures are accepted', async () => {
    const scene = await failed();
    const resumed = later(scene, '2', wishing({ acceptFailures: true, retry: [] }));
    await scene.plan(resumed);
    await finish(scene, resumed);
    expect(await scene.statuses('weekly.2')).toEqual({ 1: 'rotated', 2: 'failed', 3: 'rotated', 4: 'rotated' });
  });

  it('starts the named accounts again, and says which ones it cannot', async () => {
    const scene = await failed();
    const retry = [
      { systemName: 'db-2', accountName: 'a2' },
      { systemName: 'db-1', accountName: 'a1' },
      { systemName: 'db-9', accountName: 'a9' },
    ];
    const resumed = later(scene, '2', wishing({ acceptFailures: false, retry }));
    await scene.plan(resumed);
    await finish(scene, resumed);
    expect(await scene.statuses('weekly.2')).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'rotated', 4: 'rotated' });
    await scene.report(resumed);
    const notice = scene.notices.at(-1)?.join('\n');
    expect(notice).toContain('has not failed, so it is not retried');
    expect(notice).toContain('systemName db-9, accountName a9');
  });
});

it('a retry that is refused does not repeat the test of an unknown change', async () => {
  const scene = aScene({ deadlineMinutes: 5 }, accountsOf(2));
  await scene.plan();
  scene.onCall(async () => {
    // The test fails without a result.
    if (scene.count('states') > 0) throw new RelayError('VaultUnavailable', 'No answer.');
  });
  await scene.advance();
  scene.clock.now += 6 * MINUTE;
  await scene.advance();
  await scene.report();
  expect(await scene.statuses()).toEqual({ 1: 'unknown', 2: 'waiting' });
  const tests = Object.keys((await scene.progress())?.tests ?? {});
  const retry = [{ systemName: 'db-1', accountName: 'a1' }];
  const resumed = later(scene, '2', { ...RESUMED, resume: { acceptFailures: true, retry } });
  await scene.plan(resumed);
  const progress = await scene.records.read(rotationAt.progress({ ...RUN, run: 'weekly.2' }));
  expect(Object.keys(progress?.record.tests ?? {})).toEqual(tests);
  expect(tests).toEqual(['account:1']);
});

describe('a rotation with a window', () => {
  const RULE = { window: { hours: 2 }, schedule: { expression: 'rate(7 days)' }, pauseMinutes: 90, size: 1 };

  it('starts nothing after its end, and the next scheduled start continues', async () => {
    const scene = aScene({ ...RULE, undelivered: true }, accountsOf(4));
    const first = later(scene, '1', SCHEDULED);
    await scene.plan(first, { select: { systems: ['none'] } });
    await finish(scene, first);
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'waiting', 4: 'waiting' });
    expect(await scene.report(first)).toMatchObject({ status: 'STOPPED', rotated: 2 });
    expect(scene.notices).toEqual([]);
    const second = later(scene, '2', SCHEDULED);
    await scene.plan(second);
    await finish(scene, second);
    expect(await scene.statuses('weekly.2')).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'rotated', 4: 'rotated' });
    expect(scene.count('change')).toBe(4);
  });

  it('has none for a message, so what a message continues goes on to its end', async () => {
    const scene = aScene(RULE, accountsOf(4));
    const order = { rule: RUN.rule, trigger: 'message' } as const;
    await scene.plan({ order });
    for (let hour = 0; hour < 8; hour += 1) {
      await scene.advance(900_000, {}, { order });
      scene.clock.now += 60 * MINUTE;
    }
    expect(scene.count('change')).toBe(4);
  });
});

describe('an execution with too many events', () => {
  /** The last turn of an execution in the pause after its canary. */
  const lastTurn = async (trigger: RotateStepInput['order']['trigger'], rule: Record<string, unknown> = {}) => {
    const scene = aScene({ pauseMinutes: 10, ...rule }, accountsOf(3));
    const order = { rule: RUN.rule, trigger };
    await scene.plan({ order });
    const advanced = { next: 'wait', waitSeconds: 1, turn: 999 } as const;
    expect(await scene.advance(900_000, {}, { order, advanced })).toMatchObject({ next: 'continue', turn: 1000 });
    expect(await scene.report({ order, advanced: { ...advanced, next: 'continue' } })).toMatchObject({
      status: 'CONTINUED',
    });
    expect(scene.notices).toEqual([]);
    const [[run = '', input = '{}'] = []] = scene.started;
    const next = { run, order: rotateSteps.plan.input.shape.order.parse(JSON.parse(input)) };
    return { scene, next, startedAt: () => new Date(scene.clock.now).toISOString() };
  };

  it('is followed by one that goes on with the rotation, once', async () => {
    const { scene, next, startedAt } = await lastTurn('message');
    scene.clock.now += MINUTE;
    const input = { ...next, startedAt: startedAt() };
    expect(await scene.plan(input)).toEqual({ status: 'planned', items: 3 });
    await finish(scene, input);
    expect(await scene.statuses(next.run)).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'rotated' });
    expect(scene.count('change')).toBe(3);
    await scene.report({ order: SCHEDULED, advanced: { next: 'continue', waitSeconds: 1, turn: 1000 } });
    expect(scene.started.size).toBe(1);
  });

  it('is followed by one that notices a stop that was sent in between', async () => {
    const { scene, next, startedAt } = await lastTurn('message');
    await stopBy(scene);
    scene.clock.now += 11 * MINUTE;
    const input = { ...next, startedAt: startedAt() };
    await scene.plan(input);
    await scene.advance(900_000, {}, input);
    expect(scene.count('change')).toBe(1);
    expect((await scene.records.read(rotationAt.progress({ ...RUN, run: next.run })))?.record.state.stop?.reason).toBe(
      'message',
    );
  });

  it('is followed by one that has nothing to do if a resume was first', async () => {
    const { scene, next, startedAt } = await lastTurn('message');
    const resumed = later(scene, '2', RESUMED);
    await scene.plan(resumed);
    scene.clock.now += 11 * MINUTE;
    await finish(scene, resumed);
    await scene.report(resumed);
    expect(await scene.plan({ ...next, startedAt: startedAt() })).toEqual({ status: 'nothing', items: 0 });
    expect(scene.count('change')).toBe(3);
  });

  it('is followed by one that keeps the unfinished rotation of another run', async () => {
    const scene = await stopped();
    const some = later(scene, '2', {
      ...{ rule: RUN.rule, trigger: 'message', items: [{ systemName: 'db-2', accountName: 'a2' }] },
    });
    await scene.plan(some);
    await scene.report({ ...some, advanced: { next: 'continue', waitSeconds: 1, turn: 1000 } });
    const [[run = '', input = '{}'] = []] = scene.started;
    const next = later(scene, '3', rotateSteps.plan.input.shape.order.parse(JSON.parse(input)));
    expect(await scene.plan({ ...next, run })).toEqual({ status: 'planned', items: 1 });
    await finish(scene, { ...next, run });
    await scene.report({ ...next, run });
    expect(await scene.plan(later(scene, '4', RESUMED))).toEqual({ status: 'planned', items: 4 });
  });

  it('is followed by one that waits for its turn, and keeps the window of the schedule', async () => {
    const { scene, next, startedAt } = await lastTurn('schedule', { window: { hours: 1 } });
    const other = { run: 'weekly.2', order: { ...SCHEDULED, trigger: 'message' } } as const;
    await scene.plan({ ...other, startedAt: startedAt() });
    scene.running.add(other.run);
    scene.clock.now += 61 * MINUTE;
    const input = { ...next, startedAt: startedAt() };
    expect(await scene.plan(input)).toMatchObject({ status: 'busy' });
    scene.running.clear();
    expect(await scene.plan(input)).toMatchObject({ status: 'planned' });
    await scene.advance(900_000, {}, input);
    expect((await scene.records.read(rotationAt.progress({ ...RUN, run: next.run })))?.record.state.stop?.reason).toBe(
      'window',
    );
  });
});

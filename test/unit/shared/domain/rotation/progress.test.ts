import { describe, expect, it } from 'vitest';
import { isOverdue, next, ROTATION_OUTCOMES, report } from '#shared/domain/rotation/progress.ts';
import { type RotationSettings, thresholdOf } from '#shared/domain/rotation/settings.ts';
import {
  beginRotation,
  type Ended,
  type RotationState,
  resume,
  withEnded,
  withStarted,
  withStop,
} from '#shared/domain/rotation/state.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { checkRotations } from '#test/support/rotation-property.ts';
import { type Destiny, NOON, playPlan } from '#test/support/rotation-world.ts';
import { aRotatable, idsOf, planned, settingsOf, someRotatables } from '#test/support/rotations.ts';

const MINUTE = 60_000;
const CHANGED_AT = '2026-03-01T12:01:00.000Z';
const rotated: Ended = { status: 'rotated', changedAt: CHANGED_AT };
const changed: Ended = { status: 'changed', changedAt: CHANGED_AT };
const testFailed: Ended = { status: 'testFailed', changedAt: CHANGED_AT };
const failed: Ended = { status: 'failed', reason: 'The policy forbids it.' };
const unknown: Ended = { status: 'unknown', reason: 'The vault showed no change in time.' };
const skipped: Ended = { status: 'skipped', reason: 'Excluded.' };

checkRotations(50);

/** A rotation of `a0`, the canary, and of other accounts in waves of the given settings. */
const rotationOf = (items: readonly Rotatable[], overrides: Partial<RotationSettings> = {}) => {
  const settings = settingsOf(overrides);
  let state = beginRotation(planned(items, settings));
  return {
    settings,
    state: () => state,
    set: (changed: RotationState) => {
      state = changed;
    },
    next: (now: number) => next(state, settings, now),
    start: (ids: readonly string[], now: number): readonly string[] => {
      const written = withStarted(
        state,
        ids.map((id) => ({ id, before: {} })),
        now,
      );
      state = written.state;
      return written.started;
    },
    end: (id: string, ended: Ended, now: number): void => {
      state = withEnded(state, settings, { id, ended, now });
    },
    resume: (acceptFailures: boolean, retry: readonly string[], now: number): readonly string[] => {
      const resumed = resume(state, settings, { acceptFailures, retry, now });
      state = resumed.state;
      return resumed.refused;
    },
    statusOf: (id: string) => report(state).find((line) => line.id === id)?.status,
  };
};

/** A rotation whose canary has rotated at noon, and whose pause is over at 12:10. */
const afterCanary = (items: readonly Rotatable[], overrides: Partial<RotationSettings> = {}) => {
  const rotation = rotationOf(items, overrides);
  rotation.start(['a0'], NOON - MINUTE);
  rotation.end('a0', rotated, NOON);
  return rotation;
};
const LATER = NOON + 10 * MINUTE;

describe('the threshold', () => {
  it.each([
    ['a number', { count: 20 }, 1000, 20],
    ['at least 1', { count: 0 }, 1000, 1],
    ['a part of all planned items', { percent: 2 }, 1000, 20],
    ['rounded down', { percent: 2 }, 199, 3],
    ['at least 1, however few the items', { percent: 2 }, 10, 1],
  ])('is %s', (_what, threshold, items, failures) => {
    expect(thresholdOf(threshold, items)).toBe(failures);
  });

  it('stops 1,000 items of which 3 % fail at 2 %, and is exceeded by the concurrency less one at most', () => {
    const settings = settingsOf({ canary: 10, size: 100, concurrency: 8, threshold: { percent: 2 } });
    const plan = planned(someRotatables(1000), settings);
    const canary = new Set(idsOf(plan)[0]);
    const destinyOf = (id: string): Destiny => {
      const number = Number(id.slice(1));
      const isBad = number % 33 === 5 && !canary.has(id);
      return { fate: isBad ? (number % 2 === 0 ? 'refused' : 'testFailed') : 'rotated', minutes: number % 11 };
    };
    const { state, last, calls } = playPlan(plan, { settings, destinyOf });
    expect(last).toMatchObject({ next: 'stop', stop: { reason: 'threshold' } });
    const bad = report(state).filter(({ status }) => status === 'failed' || status === 'testFailed').length;
    expect(bad).toBeGreaterThanOrEqual(20);
    expect(bad).toBeLessThanOrEqual(27);
    expect(calls.length).toBeLessThan(1000);
    expect(report(state)).toHaveLength(1000);
  });

  it.each([
    ['a failure', failed, {}, true],
    ['a failed test', testFailed, {}, true],
    ['an unknown outcome', unknown, {}, true],
    ['an unknown outcome that the settings do not count', unknown, { countUnknown: false }, false],
    ['a skipped item', skipped, {}, false],
  ])('counts %s', (_what, ended, more, stops) => {
    const rotation = afterCanary(someRotatables(4), { threshold: { count: 1 }, ...more });
    if (ended !== skipped) rotation.start(['a1'], LATER);
    rotation.end('a1', ended, LATER);
    expect(rotation.next(LATER).next).toBe(stops ? 'stop' : 'start');
  });

  it('lets running items end, and stays reached if an unknown outcome becomes known', () => {
    const rotation = afterCanary(someRotatables(4), { threshold: { count: 1 } });
    rotation.start(['a1', 'a2'], LATER);
    rotation.end('a1', unknown, LATER + 30 * MINUTE);
    expect(rotation.next(LATER + 30 * MINUTE)).toMatchObject({ next: 'wait', for: 'changes' });
    rotation.end('a2', rotated, LATER + 31 * MINUTE);
    rotation.end('a1', rotated, LATER + 32 * MINUTE);
    const stop = { reason: 'threshold', at: LATER + 30 * MINUTE };
    expect(rotation.next(LATER + 33 * MINUTE)).toEqual({ next: 'stop', stop });
    expect(rotation.statusOf('a1')).toBe('rotated');
    expect(rotation.start(['a3'], LATER + 33 * MINUTE)).toEqual([]);
  });
});

describe('the canary', () => {
  it.each([
    ['failed', failed],
    ['failed its test', testFailed],
    ['has an unknown outcome', unknown],
  ])('stops the rotation if it %s', (_what, ended) => {
    const rotation = rotationOf(someRotatables(4), { countUnknown: false });
    rotation.start(['a0'], NOON);
    rotation.end('a0', ended, NOON);
    expect(rotation.next(LATER)).toEqual({ next: 'stop', stop: { reason: 'canary', at: NOON } });
    rotation.resume(true, [], LATER);
    expect(rotation.next(LATER)).toMatchObject({ next: 'stop', stop: { reason: 'canary' } });
  });

  it('proves nothing if it was skipped', () => {
    const rotation = rotationOf(someRotatables(4));
    rotation.end('a0', skipped, NOON);
    expect(rotation.next(LATER)).toMatchObject({ next: 'stop', stop: { reason: 'canary' } });
  });

  it('lets the first wave start after the pause, once it has rotated', () => {
    const rotation = rotationOf(someRotatables(4));
    expect(rotation.next(NOON)).toEqual({ next: 'start', ids: ['a0'] });
    rotation.start(['a0'], NOON - MINUTE);
    rotation.end('a0', changed, NOON);
    expect(rotation.next(NOON)).toEqual({ next: 'wait', until: NOON + MINUTE / 2, for: 'changes' });
    rotation.end('a0', rotated, NOON);
    expect(rotation.next(NOON)).toEqual({ next: 'wait', until: LATER, for: 'pause' });
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a1', 'a2'] });
  });
});

describe('the next action of a rotation', () => {
  it('looks at running items at their deadline', () => {
    const rotation = rotationOf(someRotatables(2));
    rotation.start(['a0'], NOON);
    const deadline = NOON + 30 * MINUTE;
    expect(rotation.next(deadline - 1)).toEqual({ next: 'wait', until: deadline, for: 'changes' });
    expect(rotation.next(deadline)).toMatchObject({ until: deadline + 1.5 * MINUTE });
  });

  it('changes the items of a unit one after the other, and the second one only after a success or a skip', () => {
    const pair = someRotatables(3, (index) => (index === 0 ? {} : { unit: 'pair', system: 'db' }));
    for (const [ended, action] of [
      [rotated, { next: 'start', ids: ['a2'] }],
      [testFailed, { next: 'done' }],
    ] as const) {
      const rotation = afterCanary(pair);
      expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a1'] });
      rotation.start(['a1'], LATER);
      expect(rotation.next(LATER)).toMatchObject({ next: 'wait' });
      rotation.end('a1', ended, LATER);
      expect(rotation.next(LATER)).toEqual(action);
    }
    const rotation = afterCanary(pair);
    rotation.end('a1', skipped, LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a2'] });
  });

  it('leaves out what needs an item that did not rotate, until that item rotates late', () => {
    const chain = [...someRotatables(2), aRotatable('b', { after: ['a1'] }), aRotatable('c', { after: ['b'] })];
    const rotation = afterCanary(chain);
    rotation.start(['a1'], LATER);
    rotation.end('a1', unknown, LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'done' });
    expect(report(rotation.state()).slice(2)).toMatchObject([
      { id: 'b', status: 'skipped', reason: 'It needs db/a1, which did not rotate.' },
      { id: 'c', status: 'skipped', reason: 'It needs db/b, which did not rotate.' },
    ]);
    rotation.end('a1', rotated, LATER + 9 * MINUTE);
    // The pause counts from the first end.
    expect(rotation.next(LATER + 10 * MINUTE)).toEqual({ next: 'start', ids: ['b'] });
  });

  it('starts nothing while an item of another wave is tested late', () => {
    const rotation = afterCanary(someRotatables(4), { size: 1, threshold: { count: 2 } });
    rotation.start(['a1'], LATER);
    rotation.end('a1', unknown, LATER);
    rotation.end('a1', changed, LATER + 10 * MINUTE);
    expect(rotation.next(LATER + 10 * MINUTE)).toMatchObject({ next: 'wait', for: 'changes' });
    rotation.end('a1', rotated, LATER + 11 * MINUTE);
    expect(rotation.next(LATER + 11 * MINUTE)).toEqual({ next: 'start', ids: ['a2'] });
  });
});

describe('a stop by a message', () => {
  it('starts nothing more, and reports what it left', () => {
    const rotation = afterCanary(someRotatables(4));
    rotation.start(['a1'], LATER);
    rotation.set(withStop(rotation.state(), 'message', LATER));
    expect(rotation.start(['a2'], LATER)).toEqual([]);
    expect(rotation.next(LATER)).toMatchObject({ next: 'wait' });
    rotation.end('a1', rotated, LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'stop', stop: { reason: 'message', at: LATER } });
    expect(report(rotation.state()).map(({ id, status, reason }) => [id, status, reason])).toEqual([
      ['a0', 'rotated', undefined],
      ['a1', 'rotated', undefined],
      ['a2', 'skipped', 'The rotation stopped before its turn.'],
      ['a3', 'skipped', 'The rotation stopped before its turn.'],
    ]);
  });

  it('changes nothing about an earlier cause, and nothing if it is repeated', () => {
    const stopped = withStop(rotationOf(someRotatables(2)).state(), 'message', NOON);
    expect(withStop(stopped, 'window', LATER)).toBe(stopped);
  });
});

describe('a failed execution', () => {
  it('leaves each item with an outcome', () => {
    const rotation = afterCanary(someRotatables(4));
    rotation.start(['a1', 'a2'], LATER);
    rotation.end('a1', changed, LATER);
    expect(report(rotation.state(), true).map(({ id, status, reason }) => [id, status, reason])).toEqual([
      ['a0', 'rotated', undefined],
      ['a1', 'unknown', expect.stringContaining('failed before the new credential was tested')],
      ['a2', 'unknown', expect.stringContaining('failed before the vault showed the change')],
      ['a3', 'skipped', 'The rotation failed before its turn.'],
    ]);
  });
});

describe('a resume', () => {
  const stoppedByFailures = () => {
    const rotation = afterCanary(someRotatables(6), { threshold: { count: 2 } });
    rotation.start(['a1', 'a2'], LATER);
    rotation.end('a1', failed, LATER);
    rotation.end('a2', unknown, LATER);
    return rotation;
  };

  it('stops again at a threshold that is still reached', () => {
    const rotation = stoppedByFailures();
    expect(rotation.resume(false, [], NOON + 60 * MINUTE)).toEqual([]);
    expect(rotation.state().stop).toEqual({ reason: 'threshold', at: NOON + 60 * MINUTE });
  });

  it('counts only later failures if a person accepts the others, and does not start those again', () => {
    const rotation = stoppedByFailures();
    rotation.resume(true, [], LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a3', 'a4'] });
    rotation.start(['a3', 'a4'], LATER);
    rotation.end('a3', failed, LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a5'] });
    rotation.end('a4', failed, LATER);
    expect(rotation.next(LATER)).toMatchObject({ next: 'stop', stop: { reason: 'threshold' } });
  });

  it('starts failed items again if it names them, and no others', () => {
    const rotation = stoppedByFailures();
    expect(rotation.resume(false, ['a0', 'a1', 'a2', 'a3', 'elsewhere'], LATER)).toEqual([
      'a0',
      'a2',
      'a3',
      'elsewhere',
    ]);
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a1', 'a3'] });
  });

  it('can retry a canary that failed', () => {
    const rotation = rotationOf(someRotatables(2));
    rotation.start(['a0'], NOON);
    rotation.end('a0', testFailed, NOON);
    rotation.resume(false, ['a0'], LATER);
    expect(rotation.next(LATER)).toEqual({ next: 'start', ids: ['a0'] });
  });
});

describe('a canary that was skipped', () => {
  it('can be retried at its turn, but not if the plan refused it', () => {
    const refused = [{ id: 'a9', title: 'db/a9', reason: 'It must not change.' }];
    const settings = settingsOf();
    const begun = beginRotation(planned(someRotatables(2), settings), refused);
    const ended = { status: 'skipped', reason: 'A checkout has it open.' } as const;
    const state = withEnded(begun, settings, { id: 'a0', ended, now: NOON });
    expect(state.stop?.reason).toBe('canary');
    const resumed = resume(state, settings, { acceptFailures: false, retry: ['a0', 'a9'], now: LATER });
    expect(resumed.refused).toEqual(['a9']);
    expect(next(resumed.state, settings, LATER)).toEqual({ next: 'start', ids: ['a0'] });
  });
});

describe('the state of an item', () => {
  it('keeps when it was started, and the dates before', () => {
    const state = beginRotation(planned(someRotatables(1), settingsOf()));
    const before = { changedAt: CHANGED_AT };
    expect(withStarted(state, [{ id: 'a0', before }], NOON)).toEqual({
      started: ['a0'],
      state: {
        items: [{ id: 'a0', title: 'db/a0', wave: 0, after: [], status: 'started', startedAt: NOON, before }],
      },
    });
  });

  it('is started once, whatever the executor asks for', () => {
    const rotation = rotationOf(someRotatables(1));
    expect(rotation.start(['a0', 'elsewhere'], NOON)).toEqual(['a0']);
    const before = rotation.state();
    expect(rotation.start(['a0'], LATER)).toEqual([]);
    expect(rotation.state()).toEqual(before);
  });

  it.each([
    [undefined, false],
    [NOON, true],
    [NOON + 1, false],
  ])('is overdue from the deadline on, if it was started: %s', (startedAt, overdue) => {
    expect(isOverdue({ startedAt }, settingsOf(), NOON + 30 * MINUTE)).toBe(overdue);
  });

  it.each([
    ['waiting', [], rotated],
    ['rotated', [rotated], testFailed],
    ['failed', [failed], rotated],
    ['testFailed', [testFailed], rotated],
    ['unknown', [unknown], unknown],
    ['changed', [changed], failed],
  ] satisfies [string, Ended[], Ended][])(
    'stays %s after a verdict that is repeated or late',
    (status, earlier, late) => {
      const rotation = rotationOf(someRotatables(1), { countUnknown: false });
      if (earlier.length > 0) rotation.start(['a0'], NOON);
      for (const ended of earlier) rotation.end('a0', ended, NOON);
      const before = rotation.state();
      rotation.end('a0', late, LATER);
      expect(rotation.state()).toBe(before);
      expect(rotation.state().items[0]?.status).toBe(status);
    },
  );

  it('is the latest change if the vault changes it twice', () => {
    const rotation = rotationOf(someRotatables(1));
    rotation.start(['a0'], NOON);
    rotation.end('a0', changed, NOON);
    rotation.end('a0', { status: 'changed', changedAt: '2026-03-01T12:05:00.000Z' }, LATER);
    expect(report(rotation.state())).toMatchObject([{ status: 'changed', changedAt: '2026-03-01T12:05:00.000Z' }]);
  });

  it('has words for people', () => {
    expect(ROTATION_OUTCOMES).toMatchObject({ unknown: 'unknown, watched', testFailed: 'changed, test failed' });
  });
});

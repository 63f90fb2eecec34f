import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Course,
  ENDINGS,
  type LeaseState,
  type Move,
  nextMove,
  untilNextLook,
  wasHandedOut,
  windowEnd,
} from '#shared/domain/checkout/next-move.ts';
import {
  aCourse,
  active,
  anyCourse,
  anyLease,
  anyPlan,
  aPlan,
  asked,
  DAY,
  delivered,
  HOUR,
  MINUTE,
  moment,
  NOON,
  pending,
  SECOND,
} from '#test/support/courses.ts';

const always = (holds: (course: Course, move: Move) => void): void =>
  fc.assert(
    fc.property(anyCourse, (course) => holds(course, nextMove(course))),
    { numRuns: 1000 },
  );

/** What has not begun to close. */
const isOpen = ({ notes, checkedIn, retrieved }: Course): boolean =>
  !notes.released && checkedIn === undefined && retrieved === undefined;

describe('whatever the course of a checkout, its next move', () => {
  it('waits for whole seconds and at least one, or not at all', () => {
    always((_course, { next, waitSeconds }) => {
      expect(Number.isInteger(waitSeconds)).toBe(true);
      if (next === 'wait') expect(waitSeconds).toBeGreaterThanOrEqual(1);
      else expect(waitSeconds).toBe(0);
    });
  });

  it('never waits beyond the next moment that matters', () => {
    always(({ now, plan, notes, requested, retrieved, checkedIn }, { next, waitSeconds }) => {
      if (next !== 'wait') return;
      const moments = checkedIn
        ? [checkedIn.at + plan.confirmMs]
        : retrieved
          ? [windowEnd(plan, retrieved.at, notes.extendedUntil, requested?.leases ?? [])]
          : [plan.from, plan.patienceEndsAt];
      const nearest = Math.min(...moments.filter((each) => each > now));
      // Whole seconds: never so much as one too late.
      expect(now + waitSeconds * SECOND).toBeLessThan(nearest + SECOND);
    });
  });

  it('closes what was released, and what it no longer has a request for', () => {
    always((course, { next }) => {
      if (course.checkedIn !== undefined) return;
      const isGone = course.requested?.leases.some(({ status }) => status === 'gone') && course.plan.needsLease;
      const hasBegun = course.now >= course.plan.from;
      if (course.notes.released || course.retrieved?.gone || (isGone && hasBegun)) expect(next).toBe('checkin');
    });
  });

  it('asks for nothing, and takes nothing, before it may or when it is too late', () => {
    always((course, { next }) => {
      const { now, plan } = course;
      const isOver = 'until' in plan.window && now >= plan.window.until;
      if (!isOpen(course) || now < plan.from || isOver) expect(['request', 'retrieve']).not.toContain(next);
    });
  });

  it('takes nothing while a request is pending, gone, or in the way of somebody else', () => {
    always(({ plan, requested }, { next }) => {
      if (next !== 'retrieve' || !plan.needsLease) return;
      expect(requested).toMatchObject({ conflict: false });
      for (const { status } of requested?.leases ?? []) expect(status).toBe('active');
    });
  });

  it('asks for no request where none is needed', () => {
    always(({ plan }, { next }) => {
      if (!plan.needsLease) expect(next).not.toBe('request');
    });
  });

  it('is to wait or to report once everything was given back', () => {
    always(({ checkedIn }, { next }) => {
      if (checkedIn === undefined) expect(next).not.toBe('report');
      else expect(['wait', 'report']).toContain(next);
    });
  });

  it('says how it ends as soon as it begins to, and says the same from then on', () => {
    always(({ checkedIn, ending: before }, { next, ending }) => {
      if (next === 'checkin' || next === 'report') expect(ENDINGS).toContain(ending);
      // Only the end shows what an attempt whose answer was lost has delivered.
      const mayChange = before === undefined || before === 'cancelled' || before === 'expired';
      if (checkedIn !== undefined && !mayChange) expect(ending).toBe(before);
    });
  });

  it('never calls cancelled what somebody may have seen, also when only the end shows it', () => {
    always((course, { ending }) => {
      if (course.checkedIn !== undefined && wasHandedOut(course))
        expect(['cancelled', 'expired']).not.toContain(ending);
    });
  });
});

describe('the end of a window', () => {
  const anyEnd = fc.record({
    plan: anyPlan,
    deliveredAt: moment,
    extendedUntil: fc.option(moment, { nil: undefined }),
    leases: fc.array(anyLease, { maxLength: 3 }),
  });
  const granted = (leases: readonly LeaseState[]): number =>
    Math.min(...leases.map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY));

  it('never comes earlier by an extension', () => {
    fc.assert(
      fc.property(anyEnd, ({ plan, deliveredAt, extendedUntil, leases }) => {
        const without = windowEnd(plan, deliveredAt, undefined, leases);
        expect(windowEnd(plan, deliveredAt, extendedUntil, leases)).toBeGreaterThanOrEqual(without);
      }),
    );
  });

  it('never lies beyond what the vault granted, nor beyond what the rule allows', () => {
    fc.assert(
      fc.property(anyEnd, ({ plan, deliveredAt, extendedUntil, leases }) => {
        const end = windowEnd(plan, deliveredAt, extendedUntil, leases);
        expect(end).toBeLessThanOrEqual(granted(leases));
        const first = windowEnd(plan, deliveredAt, undefined, []);
        expect(end).toBeLessThanOrEqual(first + plan.longestExtensionMs);
      }),
    );
  });

  it.each([
    ['as long as was asked for, from the delivery on', {}, undefined, [active], NOON + HOUR],
    ['until when was asked for, whenever it was delivered', { window: { until: NOON + 5 } }, undefined, [], NOON + 5],
    ['as late as it was extended', {}, NOON + 2 * HOUR, [active], NOON + 2 * HOUR],
    ['no later than the rule lets it be extended', {}, NOON + 9 * HOUR, [], NOON + 3 * HOUR],
    ['not at all earlier by an extension that is late', {}, NOON + MINUTE, [], NOON + HOUR],
    [
      'when the vault ends the first of its requests',
      {},
      undefined,
      [active, { status: 'active', endsAt: NOON + 9 }],
      NOON + 9,
    ],
  ] satisfies [string, Partial<Course['plan']>, number | undefined, LeaseState[], number][])(
    'is %s',
    (_what, plan, extendedUntil, leases, end) => {
      expect(windowEnd(aPlan(plan), NOON, extendedUntil, leases)).toBe(end);
    },
  );
});

describe('the time until the next look', () => {
  it('grows with what was waited, from half a minute to an hour', () => {
    const elapsed = fc.integer({ min: 0, max: 60 * DAY });
    fc.assert(
      fc.property(elapsed, elapsed, (one, other) => {
        const [shorter, longer] = [Math.min(one, other), Math.max(one, other)];
        expect(untilNextLook(NOON, NOON + shorter)).toBeLessThanOrEqual(untilNextLook(NOON, NOON + longer));
        expect(untilNextLook(NOON, NOON + one)).toBeGreaterThanOrEqual(30 * SECOND);
        expect(untilNextLook(NOON, NOON + one)).toBeLessThanOrEqual(HOUR);
      }),
    );
  });

  it('notices an answer after a twentieth of the time that it took', () => {
    expect(untilNextLook(NOON, NOON + 10 * HOUR)).toBe(HOUR / 2);
  });
});

describe('a checkout', () => {
  const move = (course: Parameters<typeof aCourse>[0] = {}): Move => nextMove(aCourse(course));
  const going = (next: Move['next'], ending?: Move['ending']) => ({ next, waitSeconds: 0, ...(ending && { ending }) });
  const waiting = (waitSeconds: number, ending?: Move['ending']) => ({ ...going('wait', ending), waitSeconds });

  it('waits for its beginning, and asks then', () => {
    expect(move({ now: NOON - DAY })).toEqual(waiting(86_400));
    expect(move({ now: NOON - 1 })).toEqual(waiting(1));
    expect(move()).toEqual(going('request'));
  });

  it('takes at once what needs no request', () => {
    expect(move({ plan: { needsLease: false } })).toEqual(going('retrieve'));
  });

  it('takes what was granted, and only when all of it was', () => {
    expect(move({ requested: asked([active, active]) })).toEqual(going('retrieve'));
    expect(move({ requested: asked([active, pending]) })).toEqual(waiting(30));
  });

  it('looks for an approval for as long as its patience lasts', () => {
    const requested = asked([pending]);
    expect(move({ now: NOON + 10 * HOUR, requested })).toEqual(waiting(1800));
    expect(move({ now: NOON + 72 * HOUR - MINUTE, requested })).toEqual(waiting(60));
    expect(move({ now: NOON + 72 * HOUR, requested })).toEqual(going('checkin', 'expired'));
  });

  it('does not open when its window is over', () => {
    const plan = { window: { until: NOON + HOUR } };
    expect(move({ now: NOON + HOUR, plan, requested: asked([active]) })).toEqual(going('checkin', 'expired'));
  });

  it('was denied when a request is gone before its time, and has expired when it is gone in time', () => {
    const gone = asked([{ status: 'gone', endsAt: NOON + HOUR }]);
    expect(move({ requested: gone })).toEqual(going('checkin', 'denied'));
    expect(move({ now: NOON + HOUR, requested: gone })).toEqual(going('checkin', 'expired'));
  });

  it('asks again when somebody else was in the way, half as often as it looks for an approval', () => {
    const requested = asked([], { conflict: true });
    expect(move({ now: NOON + SECOND, requested })).toEqual(waiting(59));
    expect(move({ now: NOON + MINUTE, requested })).toEqual(going('request'));
    expect(move({ now: NOON + 72 * HOUR, requested })).toEqual(going('checkin', 'expired'));
  });

  it('looks within the hour while it has to wait for one of several items, since it holds others', () => {
    const now = NOON + 50 * HOUR;
    const requested = { ...asked([active], { conflict: true }), at: now };
    expect(move({ now, requested })).toEqual(waiting(3600));
    expect(move({ now: now + HOUR, requested })).toEqual(waiting(3600));
    expect(move({ now: now + 2 * HOUR, requested })).toEqual(going('request'));
  });

  it('holds until its window is over', () => {
    const requested = asked([active]);
    expect(move({ requested, retrieved: delivered })).toEqual(waiting(3600));
    expect(move({ now: NOON + HOUR, requested, retrieved: delivered })).toEqual(going('checkin', 'completed'));
  });

  it.each([
    ['an hour of a day', DAY, HOUR],
    ['a hundredth of a year', 365 * DAY, 3.65 * DAY],
  ])('looks for a release that failed to close it after %s', (_name, length, look) => {
    const plan = { window: { until: NOON + length } };
    expect(move({ plan, retrieved: delivered })).toEqual(waiting(look / SECOND));
  });

  it('holds for longer when that was asked for, also at the last moment', () => {
    const course = { now: NOON + HOUR, requested: asked([active]), retrieved: delivered };
    expect(move({ ...course, notes: { released: false, extendedUntil: NOON + 2 * HOUR } })).toEqual(waiting(3600));
  });

  it('holds nothing that somebody ended in the vault', () => {
    const ended = asked([{ status: 'gone', endsAt: NOON + 9 * HOUR }]);
    expect(move({ requested: ended, retrieved: delivered })).toEqual(going('checkin', 'denied'));
    expect(move({ requested: asked([active]), retrieved: { at: NOON, delivered: 0, gone: true } })).toEqual(
      going('checkin', 'denied'),
    );
  });

  it('has completed when its window ended while it was delivered, and expired when nothing was', () => {
    const late = (count: number) => ({ at: NOON, delivered: count, gone: false, late: true });
    expect(move({ retrieved: late(0) })).toEqual(going('checkin', 'expired'));
    expect(move({ retrieved: late(1) })).toEqual(going('checkin', 'completed'));
  });

  it('has completed when an attempt whose answer was lost has delivered', () => {
    const closed = { checkedIn: { at: NOON }, retrieved: { at: NOON, delivered: 0, gone: false, late: true } };
    expect(move({ ...closed, ending: 'expired', retired: 1, changed: true })).toEqual(going('report', 'completed'));
    expect(move({ ...closed, ending: 'expired', retired: 0, changed: true })).toEqual(going('report', 'expired'));
  });

  it('is extended also before it has delivered', () => {
    const plan = { window: { until: NOON } };
    const notes = { released: false, extendedUntil: NOON + HOUR };
    expect(move({ plan })).toEqual(going('checkin', 'expired'));
    expect(move({ plan, notes })).toEqual(going('request'));
  });

  it('is cancelled by a release before anything was delivered, and released by one afterwards', () => {
    const notes = { released: true };
    expect(move({ now: NOON - DAY, notes })).toEqual(going('checkin', 'cancelled'));
    expect(move({ notes, requested: asked([pending]) })).toEqual(going('checkin', 'cancelled'));
    expect(move({ notes, retrieved: delivered })).toEqual(going('checkin', 'released'));
    expect(move({ notes, retrieved: { ...delivered, delivered: 0, gone: true } })).toEqual(
      going('checkin', 'cancelled'),
    );
  });

  it('is released, and waits for the change, also when only some of its accounts were delivered', () => {
    const retrieved = { ...delivered, gone: true };
    expect(move({ notes: { released: true }, retrieved })).toEqual(going('checkin', 'released'));
    expect(move({ retrieved, checkedIn: { at: NOON }, ending: 'released' })).toEqual(waiting(30, 'released'));
  });

  it('waits after its end until the vault shows that the credential has changed', () => {
    const closed = { retrieved: delivered, checkedIn: { at: NOON }, ending: 'completed' } as const;
    expect(move(closed)).toEqual(waiting(30, 'completed'));
    expect(move({ ...closed, changed: true })).toEqual(going('report', 'completed'));
    expect(move({ ...closed, now: NOON + 30 * MINUTE })).toEqual({
      ...going('report', 'completed'),
      unconfirmed: true,
    });
    expect(move({ ...closed, plan: { confirmMs: 0 } })).toEqual(going('report', 'completed'));
  });

  it.each(['denied', 'expired', 'cancelled'] as const)(
    'waits for no change when it ended as %s before anybody saw the credential',
    (ending) => {
      expect(move({ checkedIn: { at: NOON }, retired: 0, ending })).toEqual(going('report', ending));
    },
  );

  it('is told by what it took back how it ended, when that is all there is to know', () => {
    expect(move({ checkedIn: { at: NOON }, retired: 1 })).toEqual(waiting(30, 'released'));
    expect(move({ checkedIn: { at: NOON }, retired: 0 })).toEqual(going('report', 'cancelled'));
  });
});

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
} from '#shared/domain/next-move.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const aPlan = (overrides: Partial<Course['plan']> = {}): Course['plan'] => ({
  from: NOON,
  window: { minutes: 60 },
  longestExtensionMs: 2 * HOUR,
  patienceEndsAt: NOON + 72 * HOUR,
  needsRequest: true,
  confirmMs: 30 * MINUTE,
  ...overrides,
});
const aCourse = ({
  plan,
  ...more
}: Partial<Omit<Course, 'plan'>> & { plan?: Partial<Course['plan']> } = {}): Course => ({
  now: NOON,
  plan: aPlan(plan),
  notes: { released: false },
  ...more,
});
const active: LeaseState = { status: 'active' };
const pending: LeaseState = { status: 'pending' };
const asked = (leases: readonly LeaseState[], { conflict = false, at = NOON } = {}) => ({ at, conflict, leases });
const delivered = { at: NOON, delivered: 1, gone: false };

/** A moment within half a year of noon, often so near to another one that only a millisecond tells them apart. */
const moment = fc.oneof(
  fc.integer({ min: NOON - 180 * DAY, max: NOON + 180 * DAY }),
  fc.integer({ min: NOON - 1, max: NOON + 1 }),
);
const anyLease: fc.Arbitrary<LeaseState> = fc.record({
  status: fc.constantFrom('pending', 'active', 'gone'),
  expiresAt: fc.option(moment, { nil: undefined }),
});
const anyPlan: fc.Arbitrary<Course['plan']> = fc
  .record({
    from: moment,
    window: fc.oneof(fc.record({ minutes: fc.integer({ min: 1, max: 259_200 }) }), fc.record({ until: moment })),
    longestExtensionMs: fc.integer({ min: 0, max: 60 * DAY }),
    approvalMs: fc.integer({ min: HOUR, max: 1440 * HOUR }),
    needsRequest: fc.boolean(),
    confirmMs: fc.oneof(fc.constant(0), fc.integer({ min: MINUTE, max: DAY })),
  })
  .map(({ approvalMs, ...plan }) => ({ ...plan, patienceEndsAt: plan.from + approvalMs }));
const anyCourse: fc.Arbitrary<Course> = fc.record(
  {
    now: moment,
    plan: anyPlan,
    notes: fc.record({ released: fc.boolean(), extendedUntil: fc.option(moment, { nil: undefined }) }),
    requested: fc.record({ at: moment, conflict: fc.boolean(), leases: fc.array(anyLease, { maxLength: 3 }) }),
    retrieved: fc.record({ at: moment, delivered: fc.nat({ max: 2 }), gone: fc.boolean() }),
    checkedIn: fc.record({ at: moment }),
    retired: fc.nat(3),
    changed: fc.boolean(),
    ending: fc.constantFrom(...ENDINGS),
  },
  { requiredKeys: ['now', 'plan', 'notes'] },
);
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
      const isGone = course.requested?.leases.some(({ status }) => status === 'gone') && course.plan.needsRequest;
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
      if (next !== 'retrieve' || !plan.needsRequest) return;
      expect(requested).toMatchObject({ conflict: false });
      for (const { status } of requested?.leases ?? []) expect(status).toBe('active');
    });
  });

  it('asks for no request where none is needed', () => {
    always(({ plan }, { next }) => {
      if (!plan.needsRequest) expect(next).not.toBe('request');
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
      if (next === 'checkin' || next === 'report') expect(ending).toBeDefined();
      if (checkedIn !== undefined && before !== undefined && before !== 'cancelled') expect(ending).toBe(before);
    });
  });

  it('never calls cancelled what somebody may have seen, also when only the end shows it', () => {
    always((course, { ending }) => {
      if (course.checkedIn !== undefined && wasHandedOut(course)) expect(ending).not.toBe('cancelled');
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
    Math.min(...leases.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY));

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
      [active, { status: 'active', expiresAt: NOON + 9 }],
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
    expect(move({ plan: { needsRequest: false } })).toEqual(going('retrieve'));
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
    const gone = asked([{ status: 'gone', expiresAt: NOON + HOUR }]);
    expect(move({ requested: gone })).toEqual(going('checkin', 'denied'));
    expect(move({ now: NOON + HOUR, requested: gone })).toEqual(going('checkin', 'expired'));
  });

  it('asks again when somebody else was in the way, half as often as it looks for an approval', () => {
    const requested = asked([], { conflict: true });
    expect(move({ now: NOON + SECOND, requested })).toEqual(waiting(59));
    expect(move({ now: NOON + MINUTE, requested })).toEqual(going('request'));
    expect(move({ now: NOON + 72 * HOUR, requested })).toEqual(going('checkin', 'expired'));
  });

  it('holds until its window is over', () => {
    const requested = asked([active]);
    expect(move({ requested, retrieved: delivered })).toEqual(waiting(3600));
    expect(move({ now: NOON + HOUR, requested, retrieved: delivered })).toEqual(going('checkin', 'completed'));
  });

  it('holds for longer when that was asked for, also at the last moment', () => {
    const course = { now: NOON + HOUR, requested: asked([active]), retrieved: delivered };
    expect(move({ ...course, notes: { released: false, extendedUntil: NOON + 2 * HOUR } })).toEqual(waiting(3600));
  });

  it('holds nothing that somebody ended in the vault', () => {
    const ended = asked([{ status: 'gone', expiresAt: NOON + 9 * HOUR }]);
    expect(move({ requested: ended, retrieved: delivered })).toEqual(going('checkin', 'denied'));
    expect(move({ requested: asked([active]), retrieved: { at: NOON, delivered: 0, gone: true } })).toEqual(
      going('checkin', 'denied'),
    );
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

/** How the world goes on while a checkout waits. */
interface Story {
  readonly plan: Course['plan'];
  readonly approvedAfter: number;
  readonly freeAfter: number;
  readonly releasedAfter: number;
  readonly changedAfter: number;
  readonly extendedUntil: number | undefined;
  readonly leases: number;
}

/** Plays the workflow: what each move leads to, until the report. */
const play = ({ plan, extendedUntil, leases, ...after }: Story): Move[] => {
  const moves: Move[] = [];
  let course: Course = { now: plan.from - HOUR, plan, notes: { released: false, extendedUntil } };
  for (;;) {
    const elapsed = course.now - plan.from;
    const status = elapsed >= after.approvedAfter ? 'active' : 'pending';
    const { requested, checkedIn } = course;
    course = {
      ...course,
      notes: { ...course.notes, released: elapsed >= after.releasedAfter },
      ...(requested && {
        requested: { ...requested, leases: requested.leases.map((lease) => ({ ...lease, status })) },
      }),
      ...(checkedIn && { changed: course.now - checkedIn.at >= after.changedAfter }),
    };
    const move = nextMove(course);
    moves.push(move);
    if (move.next === 'report' || moves.length > 5000) return moves;
    course = {
      ...course,
      now: course.now + move.waitSeconds * SECOND,
      ...(move.next === 'request' && {
        requested: {
          at: course.now,
          conflict: elapsed < after.freeAfter,
          leases: Array.from({ length: leases }, () => ({ status })),
        },
      }),
      ...(move.next === 'retrieve' && { retrieved: { at: course.now, delivered: 1, gone: false } }),
      ...(move.next === 'checkin' && { checkedIn: { at: course.now } }),
      ending: move.ending ?? course.ending,
    };
  }
};

describe('the way through the workflow', () => {
  /** Step Functions ends an execution after 25,000 events; no move of ours and its wait costs more than twelve. */
  const MOST_MOVES = 2000;
  const sometime = fc.oneof(
    fc.constant(0),
    fc.constant(Number.POSITIVE_INFINITY),
    fc.integer({ min: 0, max: 60 * DAY }),
  );
  const anyStory: fc.Arbitrary<Story> = fc.record({
    plan: anyPlan,
    approvedAfter: sometime,
    freeAfter: sometime,
    releasedAfter: sometime,
    changedAfter: sometime,
    extendedUntil: fc.option(moment, { nil: undefined }),
    leases: fc.integer({ min: 1, max: 3 }),
  });

  it('always comes to its report, and closes what it opened exactly once', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const nexts = play(story).map(({ next }) => next);
        expect(nexts.length).toBeLessThan(MOST_MOVES);
        expect(nexts.filter((next) => next === 'report')).toHaveLength(1);
        expect(nexts.filter((next) => next === 'checkin')).toHaveLength(1);
        expect(nexts.filter((next) => next === 'retrieve').length).toBeLessThanOrEqual(1);
        expect(nexts.lastIndexOf('retrieve')).toBeLessThan(nexts.indexOf('checkin'));
      }),
    );
  });

  it.each([
    ['an approval that never comes', { approvedAfter: Number.POSITIVE_INFINITY }],
    ['somebody who never leaves', { freeAfter: Number.POSITIVE_INFINITY }],
    ['a change that never comes', { changedAfter: Number.POSITIVE_INFINITY }],
  ])('is short enough for one execution with the longest patience and %s', (_what, more) => {
    const plan = aPlan({ patienceEndsAt: NOON + 1440 * HOUR, confirmMs: DAY, window: { minutes: 259_200 } });
    const story = { plan, approvedAfter: 0, freeAfter: 0, releasedAfter: Number.POSITIVE_INFINITY, changedAfter: 0 };
    expect(play({ ...story, extendedUntil: undefined, leases: 2, ...more }).length).toBeLessThan(MOST_MOVES);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Course, type Move, nextMove } from '#shared/domain/checkout/next-move.ts';
import { anyPlan, aPlan, DAY, HOUR, moment, NOON, SECOND } from '#test/support/courses.ts';

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

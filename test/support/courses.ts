import fc from 'fast-check';
import { type Course, ENDINGS, type LeaseState } from '#shared/domain/checkout/next-move.ts';

/** How checkouts stand, for the tests of what they do next. */

export const NOON = Date.parse('2026-03-01T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const aPlan = (overrides: Partial<Course['plan']> = {}): Course['plan'] => ({
  from: NOON,
  window: { minutes: 60 },
  longestExtensionMs: 2 * HOUR,
  patienceEndsAt: NOON + 72 * HOUR,
  needsLease: true,
  confirmMs: 30 * MINUTE,
  ...overrides,
});
export const aCourse = ({
  plan,
  ...more
}: Partial<Omit<Course, 'plan'>> & { plan?: Partial<Course['plan']> } = {}): Course => ({
  now: NOON,
  plan: aPlan(plan),
  notes: { released: false },
  ...more,
});
export const active: LeaseState = { status: 'active' };
export const pending: LeaseState = { status: 'pending' };
export const asked = (leases: readonly LeaseState[], { conflict = false, at = NOON } = {}) => ({
  at,
  conflict,
  leases,
});
export const delivered = { at: NOON, delivered: 1, gone: false };

/** A moment within half a year of noon, often so near to another one that only a millisecond tells them apart. */
export const moment = fc.oneof(
  fc.integer({ min: NOON - 180 * DAY, max: NOON + 180 * DAY }),
  fc.integer({ min: NOON - 1, max: NOON + 1 }),
);
export const anyLease: fc.Arbitrary<LeaseState> = fc.record({
  status: fc.constantFrom('pending', 'active', 'gone'),
  endsAt: fc.option(moment, { nil: undefined }),
});
export const anyPlan: fc.Arbitrary<Course['plan']> = fc
  .record({
    from: moment,
    window: fc.oneof(fc.record({ minutes: fc.integer({ min: 1, max: 259_200 }) }), fc.record({ until: moment })),
    longestExtensionMs: fc.integer({ min: 0, max: 60 * DAY }),
    approvalMs: fc.integer({ min: HOUR, max: 1440 * HOUR }),
    needsLease: fc.boolean(),
    confirmMs: fc.oneof(fc.constant(0), fc.integer({ min: MINUTE, max: DAY })),
  })
  .map(({ approvalMs, ...plan }) => ({ ...plan, patienceEndsAt: plan.from + approvalMs }));
export const anyCourse: fc.Arbitrary<Course> = fc.record(
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

import fc from 'fast-check';
import { type CheckoutState, ENDINGS, type LeaseState } from '#shared/domain/checkout/next-action.ts';

/** States of checkouts, for tests of their next action. */

export const NOON = Date.parse('2026-03-01T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const aPlan = (overrides: Partial<CheckoutState['plan']> = {}): CheckoutState['plan'] => ({
  from: NOON,
  window: { minutes: 60 },
  maxExtensionMs: 2 * HOUR,
  waitEndsAt: NOON + 72 * HOUR,
  needsLease: true,
  confirmMs: 30 * MINUTE,
  ...overrides,
});
export const aState = ({
  plan,
  ...more
}: Partial<Omit<CheckoutState, 'plan'>> & { plan?: Partial<CheckoutState['plan']> } = {}): CheckoutState => ({
  now: NOON,
  plan: aPlan(plan),
  signals: { released: false },
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

/** A time within half a year of noon, often within one millisecond of it. */
export const moment = fc.oneof(
  fc.integer({ min: NOON - 180 * DAY, max: NOON + 180 * DAY }),
  fc.integer({ min: NOON - 1, max: NOON + 1 }),
);
export const anyLease: fc.Arbitrary<LeaseState> = fc.record({
  status: fc.constantFrom('pending', 'active', 'gone'),
  endsAt: fc.option(moment, { nil: undefined }),
});
export const anyPlan: fc.Arbitrary<CheckoutState['plan']> = fc
  .record({
    from: moment,
    window: fc.oneof(fc.record({ minutes: fc.integer({ min: 1, max: 259_200 }) }), fc.record({ until: moment })),
    maxExtensionMs: fc.integer({ min: 0, max: 60 * DAY }),
    approvalMs: fc.integer({ min: HOUR, max: 1440 * HOUR }),
    needsLease: fc.boolean(),
    confirmMs: fc.oneof(fc.constant(0), fc.integer({ min: MINUTE, max: DAY })),
  })
  .map(({ approvalMs, ...plan }) => ({ ...plan, waitEndsAt: plan.from + approvalMs }));
export const anyState: fc.Arbitrary<CheckoutState> = fc.record(
  {
    now: moment,
    plan: anyPlan,
    signals: fc.record({ released: fc.boolean(), extendedUntil: fc.option(moment, { nil: undefined }) }),
    requested: fc.record({ at: moment, conflict: fc.boolean(), leases: fc.array(anyLease, { maxLength: 3 }) }),
    retrieved: fc.record({ at: moment, delivered: fc.nat({ max: 2 }), gone: fc.boolean() }),
    checkedIn: fc.record({ at: moment }),
    retired: fc.nat(3),
    changed: fc.boolean(),
    ending: fc.constantFrom(...ENDINGS),
  },
  { requiredKeys: ['now', 'plan', 'signals'] },
);

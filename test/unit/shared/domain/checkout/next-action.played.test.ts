import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, type CheckoutState, nextAction } from '#shared/domain/checkout/next-action.ts';
import { anyPlan, aPlan, DAY, HOUR, moment, NOON, SECOND } from '#test/support/checkout-states.ts';

/** Events around a checkout while it waits. */
interface Scenario {
  readonly plan: CheckoutState['plan'];
  readonly approvedAfter: number;
  readonly freeAfter: number;
  readonly releasedAfter: number;
  readonly changedAfter: number;
  readonly extendedUntil: number | undefined;
  readonly leases: number;
}

/** Plays the workflow: applies each action, until the report. */
const play = ({ plan, extendedUntil, leases, ...after }: Scenario): Action[] => {
  const actions: Action[] = [];
  let state: CheckoutState = { now: plan.from - HOUR, plan, signals: { released: false, extendedUntil } };
  for (;;) {
    const elapsed = state.now - plan.from;
    const status = elapsed >= after.approvedAfter ? 'active' : 'pending';
    const { requested, checkedIn } = state;
    state = {
      ...state,
      signals: { ...state.signals, released: elapsed >= after.releasedAfter },
      ...(requested && {
        requested: { ...requested, leases: requested.leases.map((lease) => ({ ...lease, status })) },
      }),
      ...(checkedIn && { changed: state.now - checkedIn.at >= after.changedAfter }),
    };
    const action = nextAction(state);
    actions.push(action);
    if (action.next === 'report' || actions.length > 5000) return actions;
    state = {
      ...state,
      now: state.now + action.waitSeconds * SECOND,
      ...(action.next === 'request' && {
        requested: {
          at: state.now,
          conflict: elapsed < after.freeAfter,
          leases: Array.from({ length: leases }, () => ({ status })),
        },
      }),
      ...(action.next === 'retrieve' && { retrieved: { at: state.now, delivered: 1, gone: false } }),
      ...(action.next === 'checkin' && { checkedIn: { at: state.now } }),
      ending: action.ending ?? state.ending,
    };
  }
};

describe('the way through the workflow', () => {
  /** Step Functions ends an execution after 25,000 events; an action and its wait cost at most twelve. */
  const MAX_ACTIONS = 2000;
  const sometime = fc.oneof(
    fc.constant(0),
    fc.constant(Number.POSITIVE_INFINITY),
    fc.integer({ min: 0, max: 60 * DAY }),
  );
  const anyScenario: fc.Arbitrary<Scenario> = fc.record({
    plan: anyPlan,
    approvedAfter: sometime,
    freeAfter: sometime,
    releasedAfter: sometime,
    changedAfter: sometime,
    extendedUntil: fc.option(moment, { nil: undefined }),
    leases: fc.integer({ min: 1, max: 3 }),
  });

  it('always ends with a report, and closes everything it opened exactly once', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const nexts = play(scenario).map(({ next }) => next);
        expect(nexts.length).toBeLessThan(MAX_ACTIONS);
        expect(nexts.filter((next) => next === 'report')).toHaveLength(1);
        expect(nexts.filter((next) => next === 'checkin')).toHaveLength(1);
        expect(nexts.filter((next) => next === 'retrieve').length).toBeLessThanOrEqual(1);
        expect(nexts.lastIndexOf('retrieve')).toBeLessThan(nexts.indexOf('checkin'));
      }),
    );
  });

  it.each([
    ['an approval that never comes', { approvedAfter: Number.POSITIVE_INFINITY }],
    ['a conflict that never ends', { freeAfter: Number.POSITIVE_INFINITY }],
    ['a change that never comes', { changedAfter: Number.POSITIVE_INFINITY }],
  ])('is short enough for one execution with the longest waits and %s', (_what, more) => {
    const plan = aPlan({ waitEndsAt: NOON + 1440 * HOUR, confirmMs: DAY, window: { minutes: 259_200 } });
    const scenario = { plan, approvedAfter: 0, freeAfter: 0, releasedAfter: Number.POSITIVE_INFINITY, changedAfter: 0 };
    expect(play({ ...scenario, extendedUntil: undefined, leases: 2, ...more }).length).toBeLessThan(MAX_ACTIONS);
  });
});

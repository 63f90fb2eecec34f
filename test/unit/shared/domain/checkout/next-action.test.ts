import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  type CheckoutState,
  ENDINGS,
  type LeaseState,
  nextAction,
  nextLookDelayMs,
  wasDelivered,
  windowEnd,
} from '#shared/domain/checkout/next-action.ts';
import {
  active,
  anyLease,
  anyPlan,
  anyState,
  aPlan,
  aState,
  asked,
  DAY,
  delivered,
  HOUR,
  MINUTE,
  moment,
  NOON,
  pending,
  SECOND,
} from '#test/support/checkout-states.ts';

const always = (holds: (state: CheckoutState, action: Action) => void): void =>
  fc.assert(
    fc.property(anyState, (state) => holds(state, nextAction(state))),
    { numRuns: 1000 },
  );

/** True if the checkout has not begun to close. */
const isOpen = ({ signals, checkedIn, retrieved }: CheckoutState): boolean =>
  !signals.released && checkedIn === undefined && retrieved === undefined;

describe('the next action of a checkout in any state', () => {
  it('waits for at least one whole second, or does not wait', () => {
    always((_state, { next, waitSeconds }) => {
      expect(Number.isInteger(waitSeconds)).toBe(true);
      if (next === 'wait') expect(waitSeconds).toBeGreaterThanOrEqual(1);
      else expect(waitSeconds).toBe(0);
    });
  });

  it('never waits beyond the next relevant moment', () => {
    always(({ now, plan, signals, requested, retrieved, checkedIn }, { next, waitSeconds }) => {
      if (next !== 'wait') return;
      const moments = checkedIn
        ? [checkedIn.at + plan.confirmMs]
        : retrieved
          ? [windowEnd(plan, retrieved.at, signals, requested?.leases ?? [])]
          : [plan.from, plan.waitEndsAt];
      const nearest = Math.min(...moments.filter((each) => each > now));
      // In whole seconds: less than one second late.
      expect(now + waitSeconds * SECOND).toBeLessThan(nearest + SECOND);
    });
  });

  it('closes a released checkout, and one whose request is gone', () => {
    always((state, { next }) => {
      if (state.checkedIn !== undefined) return;
      const isGone = state.requested?.leases.some(({ status }) => status === 'gone') && state.plan.needsLease;
      const hasBegun = state.now >= state.plan.from;
      if (state.signals.released || state.retrieved?.gone || (isGone && hasBegun)) expect(next).toBe('checkin');
    });
  });

  it('requests and reads nothing before the window begins or after it ends', () => {
    always((state, { next }) => {
      const { now, plan } = state;
      const isOver = 'until' in plan.window && now >= plan.window.until;
      if (!isOpen(state) || now < plan.from || isOver) expect(['request', 'retrieve']).not.toContain(next);
    });
  });

  it('reads nothing while a request is pending, gone or in conflict', () => {
    always(({ plan, requested }, { next }) => {
      if (next !== 'retrieve' || !plan.needsLease) return;
      expect(requested).toMatchObject({ conflict: false });
      for (const { status } of requested?.leases ?? []) expect(status).toBe('active');
    });
  });

  it('requests nothing if no request is needed', () => {
    always(({ plan }, { next }) => {
      if (!plan.needsLease) expect(next).not.toBe('request');
    });
  });

  it('is to wait or to report once everything is checked in', () => {
    always(({ checkedIn }, { next }) => {
      if (checkedIn === undefined) expect(next).not.toBe('report');
      else expect(['wait', 'report']).toContain(next);
    });
  });

  it('has an ending as soon as it begins to close, and keeps it', () => {
    always(({ checkedIn, ending: before }, { next, ending }) => {
      if (next === 'checkin' || next === 'report') expect(ENDINGS).toContain(ending);
      // Only the end shows the deliveries of an attempt whose answer was lost.
      const canChange = before === undefined || before === 'cancelled' || before === 'expired';
      if (checkedIn !== undefined && !canChange) expect(ending).toBe(before);
    });
  });

  it('never reports a delivered checkout as cancelled, even if only the end shows it', () => {
    always((state, { ending }) => {
      if (state.checkedIn !== undefined && wasDelivered(state)) {
        expect(['cancelled', 'expired']).not.toContain(ending);
      }
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

  it('never moves earlier because of an extension', () => {
    fc.assert(
      fc.property(anyEnd, ({ plan, deliveredAt, extendedUntil, leases }) => {
        const without = windowEnd(plan, deliveredAt, {}, leases);
        expect(windowEnd(plan, deliveredAt, { extendedUntil }, leases)).toBeGreaterThanOrEqual(without);
      }),
    );
  });

  it('never exceeds what the vault granted or what the rule allows', () => {
    fc.assert(
      fc.property(anyEnd, ({ plan, deliveredAt, extendedUntil, leases }) => {
        const end = windowEnd(plan, deliveredAt, { extendedUntil }, leases);
        expect(end).toBeLessThanOrEqual(granted(leases));
        const first = windowEnd(plan, deliveredAt, {}, []);
        expect(end).toBeLessThanOrEqual(first + plan.maxExtensionMs);
      }),
    );
  });

  it('is the end that was set, however early, and never later than the rule allows', () => {
    fc.assert(
      fc.property(anyEnd, fc.integer({ min: NOON - 9 * HOUR, max: NOON + 99 * HOUR }), (all, endsAt) => {
        const { plan, deliveredAt, extendedUntil } = all;
        const latest = windowEnd(plan, deliveredAt, {}, []) + plan.maxExtensionMs;
        const end = windowEnd(plan, deliveredAt, { extendedUntil, endsAt }, []);
        expect(end).toBe(Math.min(endsAt, latest));
      }),
    );
  });

  it.each([
    ['the requested minutes after the delivery', {}, undefined, [active], NOON + HOUR],
    ['the requested time, whenever it was delivered', { window: { until: NOON + 5 } }, undefined, [], NOON + 5],
    ['the time of the extension', {}, NOON + 2 * HOUR, [active], NOON + 2 * HOUR],
    ['the latest extension that the rule allows', {}, NOON + 9 * HOUR, [], NOON + 3 * HOUR],
    ['unchanged by an extension that would shorten it', {}, NOON + MINUTE, [], NOON + HOUR],
    [
      'the end of its first request in the vault',
      {},
      undefined,
      [active, { status: 'active', endsAt: NOON + 9 }],
      NOON + 9,
    ],
  ] satisfies [string, Partial<CheckoutState['plan']>, number | undefined, LeaseState[], number][])(
    'is %s',
    (_what, plan, extendedUntil, leases, end) => {
      expect(windowEnd(aPlan(plan), NOON, { extendedUntil }, leases)).toBe(end);
    },
  );
});

describe('the time until the next look', () => {
  it('grows with the time waited, from half a minute to an hour', () => {
    const elapsed = fc.integer({ min: 0, max: 60 * DAY });
    fc.assert(
      fc.property(elapsed, elapsed, (one, other) => {
        const [shorter, longer] = [Math.min(one, other), Math.max(one, other)];
        expect(nextLookDelayMs(NOON, NOON + shorter)).toBeLessThanOrEqual(nextLookDelayMs(NOON, NOON + longer));
        expect(nextLookDelayMs(NOON, NOON + one)).toBeGreaterThanOrEqual(30 * SECOND);
        expect(nextLookDelayMs(NOON, NOON + one)).toBeLessThanOrEqual(HOUR);
      }),
    );
  });

  it('notices an answer within a twentieth of the time waited', () => {
    expect(nextLookDelayMs(NOON, NOON + 10 * HOUR)).toBe(HOUR / 2);
  });
});

describe('a checkout', () => {
  const actionIn = (state: Parameters<typeof aState>[0] = {}): Action => nextAction(aState(state));
  const going = (next: Action['next'], ending?: Action['ending']) => ({
    next,
    waitSeconds: 0,
    ...(ending && { ending }),
  });
  const waiting = (waitSeconds: number, ending?: Action['ending']) => ({ ...going('wait', ending), waitSeconds });

  it('waits for its beginning, and then requests', () => {
    expect(actionIn({ now: NOON - DAY })).toEqual(waiting(86_400));
    expect(actionIn({ now: NOON - 1 })).toEqual(waiting(1));
    expect(actionIn()).toEqual(going('request'));
  });

  it('reads immediately if no request is needed', () => {
    expect(actionIn({ plan: { needsLease: false } })).toEqual(going('retrieve'));
  });

  it('reads once all requests are granted', () => {
    expect(actionIn({ requested: asked([active, active]) })).toEqual(going('retrieve'));
    expect(actionIn({ requested: asked([active, pending]) })).toEqual(waiting(30));
  });

  it('waits for an approval until the wait of the rule ends', () => {
    const requested = asked([pending]);
    expect(actionIn({ now: NOON + 10 * HOUR, requested })).toEqual(waiting(1800));
    expect(actionIn({ now: NOON + 72 * HOUR - MINUTE, requested })).toEqual(waiting(60));
    expect(actionIn({ now: NOON + 72 * HOUR, requested })).toEqual(going('checkin', 'expired'));
  });

  it('does not open after its window is over', () => {
    const plan = { window: { until: NOON + HOUR } };
    expect(actionIn({ now: NOON + HOUR, plan, requested: asked([active]) })).toEqual(going('checkin', 'expired'));
  });

  it('is denied if a request is gone early, and has expired if the request ended on time', () => {
    const gone = asked([{ status: 'gone', endsAt: NOON + HOUR }]);
    expect(actionIn({ requested: gone })).toEqual(going('checkin', 'denied'));
    expect(actionIn({ now: NOON + HOUR, requested: gone })).toEqual(going('checkin', 'expired'));
  });

  it('requests again after a conflict, half as often as it checks for an approval', () => {
    const requested = asked([], { conflict: true });
    expect(actionIn({ now: NOON + SECOND, requested })).toEqual(waiting(59));
    expect(actionIn({ now: NOON + MINUTE, requested })).toEqual(going('request'));
    expect(actionIn({ now: NOON + 72 * HOUR, requested })).toEqual(going('checkin', 'expired'));
  });

  it('waits and requests again after a read found an item in use, and then reads again', () => {
    const requested = asked([active]);
    const retrieved = { at: NOON + HOUR, delivered: 0, gone: false, conflict: true };
    const soon = NOON + HOUR + MINUTE;
    expect(actionIn({ now: soon, requested, retrieved })).toEqual(waiting(300));
    expect(actionIn({ now: NOON + 2 * HOUR, requested, retrieved })).toEqual(going('request'));
    const again = { ...requested, at: NOON + 2 * HOUR };
    expect(actionIn({ now: NOON + 2 * HOUR, requested: again, retrieved })).toEqual(going('retrieve'));
    expect(actionIn({ now: NOON + 72 * HOUR, requested, retrieved })).toEqual(going('checkin', 'expired'));
    const until = NOON + 90 * MINUTE;
    expect(actionIn({ now: until, plan: { window: { until } }, requested, retrieved })).toEqual(
      going('checkin', 'expired'),
    );
  });

  it('looks within the hour while it waits for one of several items, because it has the others open', () => {
    const now = NOON + 50 * HOUR;
    const requested = { ...asked([active], { conflict: true }), at: now };
    expect(actionIn({ now, requested })).toEqual(waiting(3600));
    expect(actionIn({ now: now + HOUR, requested })).toEqual(waiting(3600));
    expect(actionIn({ now: now + 2 * HOUR, requested })).toEqual(going('request'));
  });

  it('stays open until its window is over', () => {
    const requested = asked([active]);
    expect(actionIn({ requested, retrieved: delivered })).toEqual(waiting(3600));
    expect(actionIn({ now: NOON + HOUR, requested, retrieved: delivered })).toEqual(going('checkin', 'completed'));
  });

  it.each([
    ['every hour in a window of a day', DAY, HOUR],
    ['every hundredth of a window of a year', 365 * DAY, 3.65 * DAY],
  ])('looks %s for a release that failed to close it', (_name, length, look) => {
    const plan = { window: { until: NOON + length } };
    expect(actionIn({ plan, retrieved: delivered })).toEqual(waiting(look / SECOND));
  });

  it('stays open longer if it was extended, even at the last moment', () => {
    const state = { now: NOON + HOUR, requested: asked([active]), retrieved: delivered };
    expect(actionIn({ ...state, signals: { released: false, extendedUntil: NOON + 2 * HOUR } })).toEqual(waiting(3600));
  });

  it('closes if it was ended in the vault', () => {
    const ended = asked([{ status: 'gone', endsAt: NOON + 9 * HOUR }]);
    expect(actionIn({ requested: ended, retrieved: delivered })).toEqual(going('checkin', 'denied'));
    expect(actionIn({ requested: asked([active]), retrieved: { at: NOON, delivered: 0, gone: true } })).toEqual(
      going('checkin', 'denied'),
    );
  });

  it('has completed if its window ended during the delivery, and expired if nothing was delivered', () => {
    const late = (count: number) => ({ at: NOON, delivered: count, gone: false, late: true });
    expect(actionIn({ retrieved: late(0) })).toEqual(going('checkin', 'expired'));
    expect(actionIn({ retrieved: late(1) })).toEqual(going('checkin', 'completed'));
  });

  it('has completed if an attempt whose answer was lost delivered it', () => {
    const closed = { checkedIn: { at: NOON }, retrieved: { at: NOON, delivered: 0, gone: false, late: true } };
    expect(actionIn({ ...closed, ending: 'expired', retired: 1, changed: true })).toMatchObject(
      going('report', 'completed'),
    );
    expect(actionIn({ ...closed, ending: 'expired', retired: 0, changed: true })).toEqual(going('report', 'expired'));
  });

  it('can be extended before it has delivered', () => {
    const plan = { window: { until: NOON } };
    const signals = { released: false, extendedUntil: NOON + HOUR };
    expect(actionIn({ plan })).toEqual(going('checkin', 'expired'));
    expect(actionIn({ plan, signals })).toEqual(going('request'));
  });

  it('is cancelled by a release before a delivery, and released by one afterwards', () => {
    const signals = { released: true };
    expect(actionIn({ now: NOON - DAY, signals })).toEqual(going('checkin', 'cancelled'));
    expect(actionIn({ signals, requested: asked([pending]) })).toEqual(going('checkin', 'cancelled'));
    expect(actionIn({ signals, retrieved: delivered })).toEqual(going('checkin', 'released'));
    expect(actionIn({ signals, retrieved: { ...delivered, delivered: 0, gone: true } })).toEqual(
      going('checkin', 'cancelled'),
    );
  });

  it('is released, and waits for the change, even if only some of its accounts were delivered', () => {
    const retrieved = { ...delivered, gone: true };
    expect(actionIn({ signals: { released: true }, retrieved })).toEqual(going('checkin', 'released'));
    expect(actionIn({ retrieved, checkedIn: { at: NOON }, ending: 'released' })).toEqual(waiting(30, 'released'));
  });

  it('waits after its end until the vault shows that the credential has changed', () => {
    const closed = { retrieved: delivered, checkedIn: { at: NOON }, ending: 'completed' } as const;
    expect(actionIn(closed)).toEqual(waiting(30, 'completed'));
    expect(actionIn({ ...closed, changed: true })).toEqual({ ...going('report', 'completed'), confirmed: true });
    expect(actionIn({ ...closed, now: NOON + 30 * MINUTE })).toEqual({
      ...going('report', 'completed'),
      unconfirmed: true,
    });
    expect(actionIn({ ...closed, plan: { confirmMs: 0 } })).toEqual(going('report', 'completed'));
  });

  it.each(['denied', 'expired', 'cancelled'] as const)(
    'does not wait for a change if it ended as %s before the credential was delivered',
    (ending) => {
      expect(actionIn({ checkedIn: { at: NOON }, retired: 0, ending })).toEqual(going('report', ending));
    },
  );

  it('derives its ending from what it retired, if nothing else is known', () => {
    expect(actionIn({ checkedIn: { at: NOON }, retired: 1 })).toEqual(waiting(30, 'released'));
    expect(actionIn({ checkedIn: { at: NOON }, retired: 0 })).toEqual(going('report', 'cancelled'));
  });
});

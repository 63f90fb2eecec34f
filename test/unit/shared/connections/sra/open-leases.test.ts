import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivityEvent } from '#shared/connections/sra/reports/activity.ts';
import { judgeLease, type LeaseFacts } from '#shared/connections/sra/reports/open-leases.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const at = (hours: number): number => START + hours * HOUR_MS;

const event = (hours: number, kind: ActivityEvent['kind'], user = 'dana', data?: string): ActivityEvent => ({
  atMs: at(hours),
  kind,
  account: 'sa',
  performer: { key: user, name: user },
  data,
});

const anonymous = (hours: number, kind: ActivityEvent['kind']): ActivityEvent => ({
  ...event(hours, kind),
  performer: undefined,
});

const facts = (events: readonly ActivityEvent[], more: Partial<LeaseFacts> = {}): LeaseFacts => ({
  events,
  sharers: 1,
  lastCheckOutMs: events.findLast(({ kind }) => kind === 'checkedOut')?.atMs ?? null,
  shownSinceMs: START,
  ...more,
});

const judge = (events: readonly ActivityEvent[], more: Partial<LeaseFacts> = {}) =>
  judgeLease(facts(events, more), at(1000));

const USERS = ['dana', 'eli', 'kim'] as const;
type Act = {
  readonly kind: 'checkOut' | 'checkIn' | 'force' | 'odd' | 'change';
  readonly user: (typeof USERS)[number];
};

const anyActs: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Act['kind']>('checkOut', 'checkOut', 'checkIn', 'checkIn', 'force', 'odd', 'change'),
    user: fc.constantFrom(...USERS),
  }),
  { maxLength: 12 },
);

/** Plays acts of users, and returns the events and who holds the account since when. */
const play = (acts: readonly Act[], isShared: boolean, oddEnds: boolean) => {
  const holders = new Map<string, number>();
  const events: ActivityEvent[] = [];
  let lastCheckOutMs: number | null = null;
  for (const [hour, { kind, user }] of acts.entries()) {
    if (kind === 'change') events.push(event(hour, 'changed', user));
    if (kind === 'odd') {
      if (oddEnds) holders.clear();
      events.push(event(hour, 'unknown', user));
    }
    if (kind === 'checkOut' && !holders.has(user) && (isShared || holders.size === 0)) {
      holders.set(user, at(hour));
      lastCheckOutMs = at(hour);
      events.push(event(hour, 'checkedOut', user));
    }
    if (kind === 'checkIn' && holders.delete(user)) events.push(event(hour, 'checkedIn', user));
    if (kind === 'force' && holders.size > 0 && !holders.has(user)) {
      holders.clear();
      events.push(event(hour, 'checkedIn', user));
    }
  }
  return { holders, events, lastCheckOutMs };
};

describe('the check-outs of all users', () => {
  it('are open or closed only if they are, whatever happened and however much of it is forgotten', () => {
    const number = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(anyActs, fc.boolean(), fc.boolean(), number, number, (acts, isShared, oddEnds, forgotten, before) => {
        const { holders, events, lastCheckOutMs } = play(acts, isShared, oddEnds);
        const shownSinceMs = at(isShared ? 0 : forgotten);
        const shown = events.filter(({ atMs }) => atMs >= shownSinceMs);
        const verdict = judgeLease(facts(shown, { lastCheckOutMs, shownSinceMs }), at(before));
        const oldest = Math.min(...holders.values());
        if (verdict.kind === 'open') expect(verdict.firstMs).toBe(oldest);
        if (verdict.kind === 'closed') expect(oldest >= at(before)).toBe(true);
      }),
    );
  });

  it('show their user, the begin, and the sessions that used the credential', () => {
    const events = [
      event(0, 'used', 'eli', 'earlier'),
      event(1, 'checkedOut', 'dana', 'first'),
      event(2, 'used', 'eli', 'second'),
      event(3, 'used', 'eli'),
    ];
    expect(judge(events)).toEqual({
      ...{ kind: 'open', sinceMs: at(1), firstMs: at(1), holder: 'dana' },
      ...{ sessionIds: ['first', 'second'], hasNamelessUse: true, others: 0 },
    });
  });

  it('show the first and the last of several, by one user or more, and not before their time', () => {
    const again = [event(1, 'checkedOut'), event(5, 'checkedOut'), event(7, 'checkedOut')];
    expect(judge(again)).toMatchObject({ kind: 'open', firstMs: at(1), sinceMs: at(7), others: 0 });
    const events = [event(1, 'checkedOut'), event(5, 'checkedOut', 'eli')];
    expect(judge(events)).toMatchObject({ kind: 'open', firstMs: at(1), sinceMs: at(5), holder: 'dana', others: 1 });
    expect(judgeLease(facts(events), at(1)).kind).toBe('closed');
  });

  it.each([
    ['another account has the name', [event(1, 'checkedOut')], { sharers: 2 }],
    ['an account with the name was deleted', [event(0, 'deleted'), event(1, 'checkedOut')], {}],
    ['an event of an unknown type follows', [event(1, 'checkedOut'), event(2, 'unknown')], {}],
    ['the report begins after it', [], { lastCheckOutMs: at(-5) }],
    ['the report does not show the last one', [event(1, 'checkedOut')], { lastCheckOutMs: at(3) }],
    ['the account never had the one that is shown', [event(1, 'checkedOut')], { lastCheckOutMs: null }],
    ['its last one is before the one that is shown', [event(4, 'checkedOut')], { lastCheckOutMs: at(3) }],
    [
      'its last one is before one that has ended',
      [event(4, 'checkedOut'), event(5, 'checkedIn')],
      { lastCheckOutMs: at(3) },
    ],
    [
      'another user ended one of several',
      [event(1, 'checkedOut'), event(2, 'checkedOut', 'eli'), event(3, 'checkedIn', 'kim')],
      {},
    ],
    ['a check-in of the same second comes before it', [event(1, 'checkedIn'), event(1, 'checkedOut')], {}],
    ['a check-in of the same second comes after it', [event(1, 'checkedOut'), event(1, 'checkedIn')], {}],
    [
      'it ended and began within a second, and another user has it too',
      [event(0, 'checkedOut'), event(1, 'checkedIn'), event(1, 'checkedOut'), event(2, 'checkedOut', 'eli')],
      {},
    ],
    [
      'one of its users ended one or all',
      [event(1, 'checkedOut'), event(2, 'checkedOut', 'eli'), event(3, 'checkedIn')],
      {},
    ],
    [
      'no event names a user, and one of two ended',
      [anonymous(1, 'checkedOut'), anonymous(2, 'checkedOut'), anonymous(3, 'checkedIn')],
      {},
    ],
  ])('are unknown if %s', (_what, events, more) => {
    const verdict = judge(events, more);
    expect(verdict).toEqual({ kind: 'unknown', reason: expect.stringMatching(/\.$/) });
  });

  it('are closed once all that can be open have ended', () => {
    const tie = [event(1, 'checkedOut'), event(1, 'checkedIn')];
    expect(judge([...tie, event(2, 'checkedIn')])).toEqual({ kind: 'closed' });
    const both = [event(1, 'checkedOut'), event(2, 'checkedOut', 'eli'), event(3, 'checkedIn')];
    expect(judge([...both, event(4, 'checkedIn', 'eli')])).toEqual({ kind: 'closed' });
  });

  it('need the time of the last one if one is open or the report has none, unless the account is new', () => {
    const undated = { lastCheckOutMs: undefined };
    expect(judge([event(1, 'checkedOut')], undated)).toEqual({ kind: 'undated' });
    expect(judge([event(1, 'changed')], undated)).toEqual({ kind: 'undated' });
    expect(judge([event(1, 'checkedIn')], undated)).toEqual({ kind: 'closed' });
    expect(judge([event(1, 'created')], undated)).toEqual({ kind: 'closed' });
  });

  it('are closed for an account that was never checked out, whatever its name', () => {
    expect(judge([event(1, 'changed')], { sharers: 3, lastCheckOutMs: null })).toEqual({ kind: 'closed' });
  });
});

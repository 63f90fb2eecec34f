import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyState,
  noteRefused,
  stepsTo,
  type Ticket,
  type TicketState,
  ticketSchema,
  withReleased,
} from '#shared/domain/ticket/ticket.ts';

const NOW = Date.UTC(2026, 2, 1, 8);
const HOUR = 3_600_000;
const ITEMS = [{ accountName: 'root', systemName: 'db-01' }];

const TERMS = { route: 'changes', checkout: 'rule', maxExtensionMs: 9 * HOUR, sendNumber: true, now: NOW };

const open = (position: number, more: Partial<Extract<TicketState, { wish: 'open' }>> = {}): TicketState => ({
  number: 'CHG1',
  position,
  wish: 'open',
  window: { from: NOW - HOUR, until: NOW + HOUR },
  items: ITEMS,
  reason: 'Patch',
  ...more,
});
const close = (position: number): TicketState => ({ number: 'CHG1', position, wish: 'close' });
const end = (wish: 'extend' | 'shorten', position: number, until: number): TicketState => ({
  number: 'CHG1',
  position,
  wish,
  until,
});

const after = (states: readonly TicketState[], now = NOW): Ticket | undefined =>
  states.reduce<Ticket | undefined>((ticket, state) => applyState(ticket, state, { ...TERMS, now }), undefined);
const steps = (states: readonly TicketState[], now = NOW) => {
  const ticket = after(states, now);
  return ticket === undefined ? [] : stepsTo(ticket, now);
};
const names = (states: readonly TicketState[], now = NOW) => steps(states, now).map(({ step, id }) => `${step} ${id}`);

describe('a ticket', () => {
  it('that is approved requests its items for its window', () => {
    expect(steps([open(1)])).toEqual([
      {
        step: 'request',
        checkout: 'rule',
        id: 'CHG1.1',
        ticket: 'CHG1',
        window: { from: NOW - HOUR, until: NOW + HOUR },
        items: ITEMS,
        reason: 'Patch',
      },
    ]);
  });

  it.each<[string, readonly TicketState[], readonly string[]]>([
    ['that is closed releases them', [open(1), close(2)], ['release CHG1.1']],
    ['that is closed before it was opened opens nothing', [close(2), open(1)], []],
    ['that is closed twice releases once', [open(1), close(2), close(3)], ['release CHG1.1']],
    ['that is opened and closed at one position is closed', [open(1), close(1)], ['release CHG1.1']],
    ['that is closed and opened at one position is closed', [close(1), open(1)], []],
    ['that is opened again gets a new checkout', [open(1), close(2), open(3)], ['release CHG1.1', 'request CHG1.2']],
    ['whose reason changes keeps its checkout', [open(1), open(2, { reason: 'Other' })], ['request CHG1.1']],
    [
      'that names other items closes the first ones',
      [open(1), open(2, { items: [{ accountName: 'sa', systemName: 'db-01' }] })],
      ['release CHG1.1', 'request CHG1.2'],
    ],
    [
      'that moves before its start gets a new checkout',
      [
        open(1, { window: { from: NOW + HOUR, until: NOW + 2 * HOUR } }),
        open(2, { window: { from: NOW + 2 * HOUR, until: NOW + 3 * HOUR } }),
      ],
      ['release CHG1.1', 'request CHG1.2'],
    ],
    [
      'that moves after its start to a later one is closed until then',
      [open(1), open(2, { window: { from: NOW + HOUR, until: NOW + 2 * HOUR } })],
      ['release CHG1.1', 'request CHG1.2'],
    ],
    [
      'that ends earlier gets another end',
      [open(1), open(2, { window: { from: NOW - HOUR, until: NOW + 1 } })],
      ['end CHG1.1', 'request CHG1.1'],
    ],
    [
      'whose end has passed requests nothing more',
      [open(1), open(2, { window: { from: NOW - HOUR, until: NOW - 1 } })],
      ['end CHG1.1'],
    ],
    ['over before it arrives opens nothing', [open(1, { window: { from: NOW - 2 * HOUR, until: NOW } })], []],
    [
      'that is extended before it is opened',
      [end('extend', 2, NOW + 2 * HOUR), open(1)],
      ['end CHG1.1', 'request CHG1.1'],
    ],
    ['that was never opened cannot be extended', [end('extend', 2, NOW + 9)], []],
  ])('%s', (_what, states, expected) => {
    expect(names(states)).toEqual(expected);
  });

  it('is extended only to a later end, and shortened only to an earlier one', () => {
    const until = (states: readonly TicketState[]) =>
      steps(states).flatMap((one) => (one.step === 'end' ? one.until : []));
    expect(until([open(1), end('extend', 2, NOW + 2 * HOUR)])).toEqual([NOW + 2 * HOUR]);
    expect(until([open(1), end('extend', 2, NOW)])).toEqual([]);
    expect(until([open(1), end('shorten', 2, NOW + 1)])).toEqual([NOW + 1]);
    expect(until([open(1), end('shorten', 2, NOW + 2 * HOUR)])).toEqual([]);
    expect(until([open(1), end('shorten', 2, NOW + 1), end('extend', 3, NOW + 2)])).toEqual([NOW + 2]);
    expect(until([open(1), end('extend', 2, NOW + 99 * HOUR)])).toEqual([NOW + 10 * HOUR]);
    expect(until([open(1), end('shorten', 1, NOW + 1)])).toEqual([NOW + 1]);
  });

  it('loses no release if the steps of several states were never done', () => {
    const other = [{ accountName: 'sa', systemName: 'db-01' }];
    expect(names([open(1), open(2, { items: other }), open(3)])).toEqual([
      'release CHG1.1',
      'release CHG1.2',
      'request CHG1.3',
    ]);
  });

  it('closes its checkout under the rule of its request, whatever its route uses by now', () => {
    const other = { ...TERMS, checkout: 'other' };
    const opened = applyState(undefined, open(1), TERMS);
    expect(stepsTo(applyState(opened, close(2), other), NOW)).toEqual([
      { step: 'release', checkout: 'rule', id: 'CHG1.1' },
    ]);
    const moved = stepsTo(applyState(opened, open(2), other), NOW);
    expect(moved.map(({ step, checkout, id }) => [step, checkout, id])).toEqual([
      ['release', 'rule', 'CHG1.1'],
      ['request', 'other', 'CHG1.2'],
    ]);
  });

  it('opens nothing older than a state that was refused, and keeps what it had', () => {
    const opened = applyState(undefined, open(1), TERMS);
    const refused = noteRefused(opened, { number: 'CHG1', position: 5 }, TERMS);
    const late = applyState(refused, open(3, { items: [{ accountName: 'sa', systemName: 'db-09' }] }), TERMS);
    expect(stepsTo(late, NOW)).toEqual(stepsTo(opened, NOW));
    expect(applyState(late, close(6), TERMS).isOpen).toBe(false);
    // The cause was corrected, and the state came again.
    const again = applyState(refused, open(5, { items: [{ accountName: 'sa', systemName: 'db-09' }] }), TERMS);
    expect(again.opening?.count).toBe(2);
  });

  it('with two ends at one position has the earlier one, in either order', () => {
    const [far, near] = [12, 3].map((hours) => open(1, { window: { from: NOW - HOUR, until: NOW + hours * HOUR } }));
    for (const states of [
      [far, near],
      [near, far],
    ]) {
      const ticket = after(states.flatMap((state) => state ?? []));
      const ends = ticket === undefined ? [] : stepsTo(ticket, NOW);
      const last = ends.find(({ step }) => step === 'end') ?? ends.find(({ step }) => step === 'request');
      expect(last).toMatchObject(
        last?.step === 'end' ? { until: NOW + 3 * HOUR } : { window: { until: NOW + 3 * HOUR } },
      );
    }
  });

  it('repeats no release that is done', () => {
    const ticket = after([open(1), close(2)]);
    const closed = ticket && withReleased(ticket, ticket);
    expect(closed && stepsTo(closed, NOW)).toEqual([]);
    const again = applyState(closed, open(3), TERMS);
    expect(stepsTo(again, NOW).map(({ id }) => id)).toEqual(['CHG1.2']);
  });
});

const instants = fc.integer({ min: -3, max: 3 }).map((hours) => NOW + hours * HOUR);
const anyState: fc.Arbitrary<TicketState> = fc
  .record({
    position: fc.integer({ min: 1, max: 8 }),
    wish: fc.constantFrom('open', 'close', 'extend', 'shorten', 'ignore'),
    from: instants,
    until: instants,
    account: fc.constantFrom('root', 'sa'),
  })
  .map(({ position, wish, from, until, account }): TicketState => {
    if (wish === 'open') {
      const window = { from: Math.min(from, until), until: Math.max(from, until) };
      return open(position, { window, items: [{ accountName: account, systemName: 'db-01' }] });
    }
    return wish === 'extend' || wish === 'shorten' ? end(wish, position, until) : { number: 'CHG1', position, wish };
  });
/** States with different positions: a sender that gives one position to two states promises nothing about them. */
const anyStates = fc.uniqueArray(anyState, { selector: ({ position }) => position, maxLength: 8 });

/** Access that a record leads to. */
const accessOf = (ticket: Ticket | undefined) => {
  const [request] = ticket === undefined ? [] : stepsTo(ticket, NOW).filter(({ step }) => step === 'request');
  const ends = ticket === undefined ? [] : stepsTo(ticket, NOW).filter(({ step }) => step === 'end');
  if (request?.step !== 'request') return 'none';
  const [last] = ends;
  return {
    items: request.items,
    from: Math.max(NOW, request.window.from),
    until: last?.step === 'end' ? last.until : request.window.until,
  };
};

describe('the states of a ticket', () => {
  it('lead to the same access in every order, however often they arrive', () => {
    fc.assert(
      fc.property(
        anyStates.chain((states) =>
          fc.tuple(fc.constant(states), fc.shuffledSubarray([...states, ...states], { minLength: 2 * states.length })),
        ),
        ([states, arrived]) => {
          const inOrder = states.toSorted((one, other) => one.position - other.position);
          expect(accessOf(after(arrived))).toEqual(accessOf(after(inOrder)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never leave an earlier opening open', () => {
    fc.assert(
      fc.property(anyStates, (states) => {
        const ticket = after(states);
        if (ticket?.opening === undefined) return;
        const released = stepsTo(ticket, NOW).filter(({ step }) => step === 'release').length;
        expect(released).toBe(ticket.opening.count - (ticket.isOpen ? 1 : 0));
        expect(ticketSchema.parse(JSON.parse(JSON.stringify(ticket)))).toEqual(ticket);
      }),
    );
  });
});

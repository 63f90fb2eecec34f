import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { readSessions, readSignals, signalAt } from '#shared/records/signals.ts';
import { memorySignals } from '#test/support/fakes.ts';

const CHECKOUT = { rule: 'tickets', run: 'tickets.7' };
const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);
const run = fc.tuple(rule, fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/)).map(([name, id]) => `${name}.${id}`);
const until = fc.nat(8_640_000_000_000_000);

/** Signals for a checkout, some of them repeated. */
const told = fc.array(
  fc.oneof(
    fc.constant({ kind: 'released' as const }),
    until.map((untilMs) => ({ kind: 'extended' as const, untilMs })),
  ),
);

describe('the signals of a checkout', () => {
  it('contain the latest extension and the release, in any order and number', () => {
    return fc.assert(
      fc.asyncProperty(rule, run, told, async (of, name, all) => {
        const checkout = { rule: of, run: name };
        const signals = memorySignals();
        for (const one of [...all, ...all.toReversed()]) {
          await signals.put(
            one.kind === 'released' ? signalAt.released(checkout) : signalAt.extended(checkout, one.untilMs),
          );
        }
        const untils = all.flatMap((one) => (one.kind === 'extended' ? [one.untilMs] : []));
        const keys = await signals.list(signalAt.prefix(checkout));
        const expected = {
          released: all.some(({ kind }) => kind === 'released'),
          isOver: all.some(({ kind }) => kind === 'released'),
          extendedUntil: untils.length === 0 ? undefined : Math.max(...untils),
        };
        expect(readSignals(keys)).toEqual(expected);
        expect(readSignals(keys.toReversed())).toEqual(expected);
      }),
    );
  });

  it('end at the time with the highest position, whatever their order, and at the earlier of two with one position', () => {
    const end = fc.record({ position: fc.nat({ max: 5 }), until: fc.nat({ max: 5 }) });
    fc.assert(
      fc.property(fc.array(end, { minLength: 1 }), (ends) => {
        const keys = ends.map((one) => signalAt.ends(CHECKOUT, one));
        const highest = Math.max(...ends.map(({ position }) => position));
        const untils = ends.filter(({ position }) => position === highest).map(({ until }) => until);
        expect(readSignals(keys).endsAt).toBe(Math.min(...untils));
        expect(readSignals(keys.toReversed()).endsAt).toBe(Math.min(...untils));
      }),
    );
    expect(readSignals([signalAt.extended(CHECKOUT, 9)]).endsAt).toBeUndefined();
  });

  it('never include those of another checkout', () => {
    return fc.assert(
      fc.asyncProperty(
        rule,
        fc.uniqueArray(run, { minLength: 2, maxLength: 2 }),
        async (of, [mine = '', other = '']) => {
          const signals = memorySignals();
          await signals.put(signalAt.released({ rule: of, run: other }));
          expect(await signals.list(signalAt.prefix({ rule: of, run: mine }))).toEqual([]);
        },
      ),
    );
  });

  it('are distinguished from other objects beside them', () => {
    const beside = [
      'session-',
      'session-a/b',
      `session-${'x'.repeat(201)}`,
      'extended-',
      'extended-1x',
      'extended--1',
      'extended-01',
      'releasedx',
      'plan.json',
      '',
    ];
    const prefix = signalAt.prefix(CHECKOUT);
    const keys = beside.map((name) => `${prefix}${name}`);
    expect(readSignals(keys)).toEqual({ released: false, isOver: false, extendedUntil: undefined });
    expect(readSessions(keys)).toEqual([]);
  });

  it('contain the target sessions that it opened', () => {
    const keys = ['5', '0', 'b-7.x'].map((id) => signalAt.session(CHECKOUT, id));
    const others = [signalAt.released(CHECKOUT), signalAt.extended(CHECKOUT, 9)];
    expect(readSessions([...others, ...keys])).toEqual(['5', '0', 'b-7.x']);
    expect(readSignals([...keys, ...others])).toEqual({ released: true, isOver: true, extendedUntil: 9 });
  });

  it('mark a checkout as over once it is released, being closed, or reported', () => {
    expect(readSignals([checkoutAt.record(CHECKOUT).key])).toMatchObject({ isOver: false });
    expect(readSignals([signalAt.released(CHECKOUT)])).toMatchObject({ isOver: true, released: true });
    expect(readSignals([signalAt.closing(CHECKOUT)])).toMatchObject({ isOver: true, released: false });
    expect(readSignals([checkoutAt.report(CHECKOUT).key])).toMatchObject({ isOver: true, released: false });
  });
});

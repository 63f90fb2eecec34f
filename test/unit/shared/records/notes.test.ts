import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { noteAt, readNotes, readSessions } from '#shared/records/notes.ts';
import { memoryNotes } from '#test/support/fakes.ts';

const CHECKOUT = { rule: 'tickets', run: 'tickets.7' };
const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);
const run = fc.tuple(rule, fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/)).map(([name, id]) => `${name}.${id}`);
const until = fc.nat(8_640_000_000_000_000);

/** What somebody may tell a checkout; some of it more than once. */
const told = fc.array(
  fc.oneof(
    fc.constant({ kind: 'released' as const }),
    until.map((untilMs) => ({ kind: 'extended' as const, untilMs })),
  ),
);

describe('the notes of a checkout', () => {
  it('say in any order, and however often each was left, the latest extension and whether it is released', () => {
    return fc.assert(
      fc.asyncProperty(rule, run, told, async (of, name, all) => {
        const checkout = { rule: of, run: name };
        const notes = memoryNotes();
        for (const one of [...all, ...all.toReversed()]) {
          await notes.put(one.kind === 'released' ? noteAt.released(checkout) : noteAt.extended(checkout, one.untilMs));
        }
        const untils = all.flatMap((one) => (one.kind === 'extended' ? [one.untilMs] : []));
        const keys = await notes.list(noteAt.prefix(checkout));
        const expected = {
          released: all.some(({ kind }) => kind === 'released'),
          isOver: all.some(({ kind }) => kind === 'released'),
          extendedUntil: untils.length === 0 ? undefined : Math.max(...untils),
        };
        expect(readNotes(keys)).toEqual(expected);
        expect(readNotes(keys.toReversed())).toEqual(expected);
      }),
    );
  });

  it('are never those of another checkout', () => {
    return fc.assert(
      fc.asyncProperty(
        rule,
        fc.uniqueArray(run, { minLength: 2, maxLength: 2 }),
        async (of, [mine = '', other = '']) => {
          const notes = memoryNotes();
          await notes.put(noteAt.released({ rule: of, run: other }));
          expect(await notes.list(noteAt.prefix({ rule: of, run: mine }))).toEqual([]);
        },
      ),
    );
  });

  it('are told from whatever else lies beside them', () => {
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
    const prefix = noteAt.prefix(CHECKOUT);
    const keys = beside.map((name) => `${prefix}${name}`);
    expect(readNotes(keys)).toEqual({ released: false, isOver: false, extendedUntil: undefined });
    expect(readSessions(keys)).toEqual([]);
  });

  it('say which sessions it has opened, beside all else', () => {
    const keys = ['5', '0', 'b-7.x'].map((id) => noteAt.session(CHECKOUT, id));
    const others = [noteAt.released(CHECKOUT), noteAt.extended(CHECKOUT, 9)];
    expect(readSessions([...others, ...keys])).toEqual(['5', '0', 'b-7.x']);
    expect(readNotes([...keys, ...others])).toEqual({ released: true, isOver: true, extendedUntil: 9 });
  });

  it('say that a checkout is over once it is released, being closed, or reported', () => {
    expect(readNotes([checkoutAt.record(CHECKOUT).key])).toMatchObject({ isOver: false });
    expect(readNotes([noteAt.released(CHECKOUT)])).toMatchObject({ isOver: true, released: true });
    expect(readNotes([noteAt.closing(CHECKOUT)])).toMatchObject({ isOver: true, released: false });
    expect(readNotes([checkoutAt.report(CHECKOUT).key])).toMatchObject({ isOver: true, released: false });
  });
});

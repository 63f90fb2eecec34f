import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesIn } from '#shared/domain/blueprint/fields.ts';
import { MAX_MARK_LENGTH, markOf, readMark, writeMark } from '#shared/domain/blueprint/mark.ts';
import { acceptOrder, type Subject, type SubjectOrder } from '#shared/domain/blueprint/subject.ts';

const ABOUT = { rule: 'hosts', subject: 'i-1', owner: { kind: 'aws', id: 'AROAONE' } } as const;

describe('a mark', () => {
  const text = fc.string({ maxLength: 40 }).filter((one) => readMark(one).mark === undefined && !one.endsWith(' '));
  const owner = fc.record({
    relayId: fc.string(),
    rule: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
    subject: fc.string(),
    resource: fc.string(),
  });

  it('is read back from a description, with the text before it unchanged', () => {
    fc.assert(
      fc.property(text, owner, (description, of) => {
        const mark = markOf(of);
        const written = writeMark(description, mark);
        expect(readMark(written)).toEqual({ text: description, mark });
        expect(written.length - description.length).toBeLessThanOrEqual(MAX_MARK_LENGTH);
      }),
    );
  });

  it('differs for every other owner', () => {
    fc.assert(
      fc.property(owner, owner, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(markOf(one)).not.toBe(markOf(other));
      }),
      {
        examples: [
          [
            { relayId: 'r', rule: 'a', subject: 'b', resource: 'c' },
            { relayId: 'r', rule: 'a', subject: 'b","c', resource: '' },
          ],
        ],
      },
    );
  });
});

describe('differences', () => {
  it.each([
    ['the order of a list', { accounts: [1, 2] }, { accounts: ['2', '1'] }, []],
    ['a setting that only the found state has', {}, { port: 22 }, []],
    ['absent and null', { port: null }, {}, []],
    ['another value', { port: 22 }, { port: 23 }, ['port']],
    ['one more in a list', { accounts: [1] }, { accounts: [1, 2] }, ['accounts']],
  ])('by %s', (_what, wanted, found, settings) => {
    expect(differencesIn(wanted, found).map(({ setting }) => setting)).toEqual(settings);
  });
});

describe('orders about a subject', () => {
  const order = fc.record<SubjectOrder>({
    position: fc.integer({ min: 0, max: 5 }),
    action: fc.constantFrom('provision', 'deprovision'),
    inputs: fc.constantFrom<Record<string, string>>({}, { host: 'a' }),
    at: fc.constant('2026-03-01T00:00:00.000Z'),
  });

  it('arrive in any order and any number, and the latest position counts', () => {
    fc.assert(
      fc.property(fc.array(order, { minLength: 1 }), (orders) => {
        let known: Subject | undefined;
        for (const one of orders) {
          const { acceptance, next } = acceptOrder(known, ABOUT, one);
          if (known !== undefined && one.position < known.wanted.position) expect(acceptance).toBe('older');
          known = next ?? known;
          if (acceptance === 'accepted') expect(known?.wanted).toMatchObject({ ...one, at: expect.any(String) });
        }
        const latest = Math.max(...orders.map(({ position }) => position));
        expect(known?.wanted.position).toBe(latest);
        expect(known?.wanted).toEqual(orders.find(({ position }) => position === latest));
      }),
    );
  });

  it('of another sender are foreign, whatever they say', () => {
    fc.assert(
      fc.property(order, order, (first, second) => {
        const { next: known } = acceptOrder(undefined, ABOUT, first);
        for (const owner of [{ kind: 'aws', id: 'AROATWO' }, { kind: 'ec2' }] as const) {
          expect(acceptOrder(known, { ...ABOUT, owner }, second)).toEqual({ acceptance: 'foreign' });
        }
      }),
    );
  });
});

describe('a machine', () => {
  const order: SubjectOrder = { position: 2, action: 'deprovision', inputs: {}, at: '2026-03-01T00:00:00.000Z' };
  const known: Subject = {
    ...ABOUT,
    owner: { kind: 'ec2' },
    wanted: { ...order, position: 1, action: 'provision' },
    state: 'provisioned',
    holdings: {},
  };

  it('belongs to its events, unless no event can reach it any more', () => {
    expect(acceptOrder(known, ABOUT, order)).toEqual({ acceptance: 'foreign' });
    expect(acceptOrder(known, { ...ABOUT, takesMachines: true }, order)).toEqual({
      acceptance: 'accepted',
      next: { ...known, owner: ABOUT.owner, wanted: order },
    });
  });

  it('is no way to another sender', () => {
    const others = { ...known, owner: { kind: 'aws', id: 'AROAOTHER' } } as const;
    expect(acceptOrder(others, { ...ABOUT, takesMachines: true }, order)).toEqual({ acceptance: 'foreign' });
  });
});

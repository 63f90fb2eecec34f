import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Item, itemKey, itemSchema, type Member } from '#shared/domain/item.ts';
import { revise, stampOf } from '#shared/domain/stamp.ts';
import { activate, chooseActive } from '#shared/domain/turns.ts';
import { anItem, anyItem } from '#test/support/items.ts';

const memberNumbered = (number: number, item: Partial<Member> = {}): Member =>
  anItem({ ...item, ref: { kind: 'account', id: String(number) }, labels: { accountName: `a${number}` } });

const pairOf = (...members: readonly Member[]): Item =>
  anItem({ ref: { kind: 'pair', id: 'orders' }, labels: { pairName: 'orders' }, members });

const anyPair = fc
  .tuple(anyItem, anyItem)
  .map(([one, other]) => pairOf(memberNumbered(1, one), memberNumbered(2, other)));

const fingerprint = ({ labels }: Item): string => `user ${labels['accountName']}`;
const stampWith = (item: Item, member: Member): string => {
  const active = activate(item, member);
  return stampOf('vault', active, fingerprint(active));
};

describe('the active account of a pair', () => {
  const choose = (pair: Item, recorded: string | undefined, held: readonly string[]): string | readonly string[] => {
    const choice = chooseActive(pair, recorded, { connection: 'vault', fingerprint, held });
    return choice.kind === 'several' ? choice.members.map(({ title }) => title) : (choice.item.active?.id ?? '');
  };
  const evidence = fc.record({
    recorded: fc.constantFrom(undefined, 'account:1', 'account:2', 'account:3'),
    holds: fc.tuple(fc.boolean(), fc.boolean()),
    revision: fc.nat({ max: 3 }),
    foreign: fc.array(fc.string(), { maxLength: 2 }),
  });

  it('is the recorded one, else the one that the stores hold, else the first, and never one of two that they hold', () => {
    fc.assert(
      fc.property(anyPair, evidence, (pair, { recorded, holds, revision, foreign }) => {
        const { members = [] } = pair;
        const held = members.filter((_, index) => holds[index]);
        const stamps = [...foreign, ...held.map((member) => revise(stampWith(pair, member), revision))];
        const chosen = choose(pair, recorded, stamps);
        const known = members.find(({ ref }) => itemKey(ref) === recorded);
        if (known !== undefined) expect(chosen).toBe(known.ref.id);
        else if (held.length > 1) expect(chosen).toHaveLength(2);
        else expect(chosen).toBe((held[0] ?? members[0])?.ref.id);
      }),
    );
  });

  it('gives the pair its credential: another stamp, but the same name and key', () => {
    fc.assert(
      fc.property(anyPair, (pair) => {
        const [first, second] = (pair.members ?? []).map((member) => activate(pair, member));
        if (first === undefined || second === undefined) throw new TypeError('A pair has two members.');
        expect([first.ref, second.ref, second.labels['pairName']]).toEqual([pair.ref, pair.ref, 'orders']);
        expect(second).toMatchObject({ changing: pair.members?.[1]?.changing, active: { id: '2' } });
        expect(stampOf('vault', first, '')).not.toBe(stampOf('vault', second, ''));
        expect(second).not.toHaveProperty('members');
        // A listed pair already has the labels of its first account.
        const [, other] = pair.members ?? [];
        if (other !== undefined) expect(activate({ ...pair, ...first }, other).labels).toEqual(second.labels);
      }),
    );
  });

  it('is kept in a record, as are all accounts', () => {
    fc.assert(
      fc.property(anyPair, (pair) => {
        expect(itemSchema.parse(JSON.parse(JSON.stringify(pair)))).toEqual(JSON.parse(JSON.stringify(pair)));
      }),
      { numRuns: 20 },
    );
  });
});

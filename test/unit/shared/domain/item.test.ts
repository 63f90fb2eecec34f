import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameItem, itemKey, itemSchema } from '#shared/domain/item.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { aFiledItem, anItem } from '#test/unit/shared/domain/items.ts';

const anAlias = (account: string) => anItem({ ref: { kind: 'alias', id: '7' }, mark: account });

describe('an item', () => {
  it('has a key that no other kind has', () => {
    const kind = fc.stringMatching(/^[a-z-]{1,9}$/);
    const ref = fc.record({ kind, id: fc.string({ unit: fc.constantFrom('1', ':', 'a'), maxLength: 3 }) });
    fc.assert(
      fc.property(ref, ref, (one, other) => {
        expect(itemKey(one) === itemKey(other)).toBe(isSameItem(one, other));
      }),
    );
    expect([anItem(), anAlias('1:10'), aFiledItem()].map(({ ref: each }) => itemKey(each))).toEqual([
      'account:1:10',
      'alias:7',
      'secret:s1',
    ]);
  });

  it('has another stamp under the same key if it means another credential', () => {
    const [before, after] = [anAlias('1:10'), anAlias('1:11')];
    expect(itemKey(after.ref)).toBe(itemKey(before.ref));
    expect(stampOf('vault', after, 'v1')).not.toBe(stampOf('vault', before, 'v1'));
  });

  it('is unchanged after a round trip through JSON, with the handle that only its vault reads', () => {
    for (const item of [
      anItem({ handle: { ids: [1, 2], of: { its: 'own' } } }),
      aFiledItem({ verbatim: true, mark: 'x', changing: 'unknown' }),
    ]) {
      const written = JSON.parse(JSON.stringify(item));
      expect(itemSchema.parse(written)).toEqual(written);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revise, revisionOf, stampOf } from '#shared/domain/stamp.ts';
import { aFiledItem, anItem } from '#test/unit/shared/domain/items.ts';

describe('a stamp', () => {
  const base = stampOf('vault', anItem(), 'v1');

  it.each([
    ['the date of the change', stampOf('vault', anItem({ changedAt: '2026-01-02T03:04:06.000Z' }), 'v1')],
    ['a date that is missing', stampOf('vault', anItem({ changedAt: undefined }), 'v1')],
    ['the item', stampOf('vault', anItem({ ref: { kind: 'account', id: '1:11' } }), 'v1')],
    ['the kind of item', stampOf('vault', anItem({ ref: { kind: 'alias', id: '1:10' } }), 'v1')],
    ['the mark', stampOf('vault', anItem({ mark: 'dsskey' }), 'v1')],
    ['a mark that is empty', stampOf('vault', anItem({ mark: '' }), 'v1')],
    ['the vault', stampOf('other', anItem(), 'v1')],
    ['what is written around the credential', stampOf('vault', anItem(), 'v2')],
    ['everything', stampOf('vault', aFiledItem(), 'v1')],
  ])('differs if %s differs', (_what, other) => expect(other).not.toBe(base));

  it('does not depend on a change in progress or on other fields of the vault', () => {
    expect(stampOf('vault', anItem({ changing: true }), 'v1')).toBe(base);
    expect(stampOf('vault', anItem({ handle: { id: 1 }, title: 'renamed', labels: { systemName: 'x' } }), 'v1')).toBe(
      base,
    );
  });

  it('is never the same for two items, dates or marks, wherever their texts are split', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', '"', ',', '\\', '\u0000', ' '), maxLength: 4 });
    const described = fc.record({ kind: text, id: text, mark: fc.option(text), changedAt: fc.option(text) });
    fc.assert(
      fc.property(described, described, (one, other) => {
        const [first, second] = [one, other].map(({ kind, id, mark, changedAt }) =>
          stampOf('vault', { ref: { kind, id }, mark: mark ?? undefined, changedAt: changedAt ?? undefined }, 'v1'),
        );
        expect(first === second).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('is 64 hex digits, which Secrets Manager accepts as a request token, and so is each distinct revision', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(15), (rendering, revision) => {
        const stamp = stampOf('vault', anItem(), rendering);
        const held = revise(stamp, revision);
        expect(held).toMatch(/^[0-9a-f]{64}$/);
        expect(revisionOf(stamp, held)).toBe(revision);
        expect(revisionOf(base, held)).toBe(rendering === 'v1' ? revision : undefined);
      }),
    );
  });

  it('is its own first revision, and has at most sixteen', () => {
    expect(revise(base, 0)).toBe(base);
    expect(revisionOf(base, revise(base, 16))).toBeUndefined();
  });

  it('is undefined for a secret without a stamp', () => {
    expect(revisionOf(base, undefined)).toBeUndefined();
  });
});

import fc from 'fast-check';
import type { Item, ItemRef } from '#shared/domain/item.ts';

/** An item with defaults. */
export const anItem = ({ labels, ...overrides }: Partial<Item> = {}): Item => ({
  ref: { kind: 'account', id: '10' },
  title: 'db-01/sa',
  changedAt: '2026-01-02T03:04:05.000Z',
  changing: false,
  handle: null,
  ...overrides,
  labels: { systemName: 'db-01', accountName: 'sa', domainName: '', ...labels },
});

/** One of several items of a system: `a1`, `a2` and so on. */
export const itemNumbered = (number: number, { labels, ...overrides }: Partial<Item> = {}): Item => {
  const texts = { systemName: 'db-01', accountName: `a${number}`, ...labels };
  return anItem({
    ref: { kind: 'account', id: String(number) },
    title: `${texts.systemName}/${texts.accountName}`,
    labels: texts,
    ...overrides,
  });
};

/** An alias of an item. The fake vault has one lease for both. */
export const aliasOf = ({ ref, ...item }: Item, id: string): Item => ({
  ...item,
  ref: { kind: 'alias', id },
  title: `${id} (${item.title})`,
  labels: { ...item.labels, aliasName: id },
  handle: { kind: ref.kind, id: ref.id } satisfies ItemRef,
});

const anyText = fc.string({ unit: 'binary', maxLength: 20 });

/** Arbitrary items, with any text that a vault can hold. */
export const anyItem: fc.Arbitrary<Item> = fc
  .record({
    id: anyText,
    title: anyText,
    labels: fc.dictionary(anyText, anyText),
    changedAt: fc.option(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
      { nil: undefined },
    ),
    mark: fc.option(anyText, { nil: undefined }),
    changing: fc.constantFrom(true, false, 'unknown' as const),
  })
  .map(({ id, ...item }) => anItem({ ...item, ref: { kind: 'account', id } }));

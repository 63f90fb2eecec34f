import fc from 'fast-check';
import type { Item, ItemRef } from '#shared/domain/item.ts';

/** An item to begin with; a test names only what matters to it. */
export const anItem = ({ labels, ...overrides }: Partial<Item> = {}): Item => ({
  ref: { kind: 'account', id: '10' },
  title: 'db-01/sa',
  changedAt: '2026-01-02T03:04:05.000Z',
  changing: false,
  handle: null,
  ...overrides,
  labels: { systemName: 'db-01', accountName: 'sa', domainName: '', ...labels },
});

/** One of several items: `a1`, `a2` and so on, all of one system. */
export const itemNumbered = (number: number, { labels, ...overrides }: Partial<Item> = {}): Item => {
  const texts = { systemName: 'db-01', accountName: `a${number}`, ...labels };
  return anItem({
    ref: { kind: 'account', id: String(number) },
    title: `${texts.systemName}/${texts.accountName}`,
    labels: texts,
    ...overrides,
  });
};

/** A second name of an item: the fake vault has one lease for both. */
export const aliasOf = ({ ref, ...item }: Item, id: string): Item => ({
  ...item,
  ref: { kind: 'alias', id },
  title: `${id} (${item.title})`,
  labels: { ...item.labels, aliasName: id },
  handle: { kind: ref.kind, id: ref.id } satisfies ItemRef,
});

const anyText = fc.string({ unit: 'binary', maxLength: 20 });

/** Items as awkward as a vault may hold them. */
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

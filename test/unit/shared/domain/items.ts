import fc from 'fast-check';
import type { Item } from '#shared/domain/item.ts';

/** A default item. A test overrides only the fields that matter to it. */
export const anItem = ({ labels, ...overrides }: Partial<Item> = {}): Item => ({
  ref: { kind: 'account', id: '1:10' },
  title: 'db-01/sa',
  changedAt: '2026-01-02T03:04:05.000Z',
  changing: false,
  handle: null,
  ...overrides,
  labels: { systemName: 'db-01', accountName: 'sa', domainName: '', systemId: '1', ...labels },
});

const anyText = fc.string({ unit: 'binary', maxLength: 20 });

/** Items with awkward texts that a vault can hold. */
export const anyItem: fc.Arbitrary<Item> = fc
  .record({ systemName: anyText, accountName: anyText, domainName: anyText })
  .map((labels) => anItem({ labels, title: `${labels.systemName}/${labels.accountName}` }));

/** A secret that has a path. */
export const aFiledItem = (overrides: Partial<Item> = {}): Item => ({
  ...anItem({ ref: { kind: 'secret', id: 's1' }, title: 'Team/Apps/api', changedAt: undefined }),
  labels: { folderPath: 'Team/Apps', title: 'api', username: 'svc' },
  ...overrides,
});

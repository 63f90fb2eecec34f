import { expect, it } from 'vitest';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { aRecord, CHECKOUT } from '#test/support/checkouts.ts';

const { schema } = checkoutAt.record(CHECKOUT);

it('reads the record of a checkout that an earlier version has begun, so that it can be closed', () => {
  const record = aRecord({ numbers: [1, 2] });
  const { stores, ...settings } = record.settings;
  const earlier = {
    ...record,
    settings: { ...settings, store: 'aws' },
    items: record.items.map(({ item, targets }) => ({ item, secretName: targets[0]?.name })),
  };
  expect(stores).toEqual(['aws']);
  const withoutPlace = record.items.map(({ item, targets }) => ({
    item,
    targets: targets.map(({ store, name }) => ({ store, name })),
  }));
  expect(schema.parse(earlier)).toMatchObject({ ...record, items: withoutPlace });
});

it('refuses a record without targets', () => {
  const record = aRecord();
  expect(() => schema.parse({ ...record, items: record.items.map(({ item }) => ({ item })) })).toThrow(/targets/);
});

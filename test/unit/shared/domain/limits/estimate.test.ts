import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchItems, countDeliveries, leastDuration } from '#shared/domain/limits/estimate.ts';
import { batchItem } from '#test/support/batches.ts';

const STORE = { perSecond: 40, create: 1, replace: 2 };

describe('the least duration of a run', () => {
  it.each([
    ['new secrets', { items: 5000, created: 5000, replaced: 0 }, { seconds: 125, by: 'store', perSecond: 40 }],
    ['changed secrets', { items: 5000, created: 0, replaced: 5000 }, { seconds: 250, by: 'store', perSecond: 40 }],
    [
      'both, under separate quotas',
      { items: 300, created: 200, replaced: 100 },
      { seconds: 5, by: 'store', perSecond: 40 },
    ],
    ['nothing', { items: 0, created: 0, replaced: 0 }, { seconds: 0, by: 'store', perSecond: 40 }],
  ])('is that of the store for %s', (_what, deliveries, least) => {
    expect(leastDuration(deliveries, { store: STORE, callsPerSecond: 200, callsPerItem: 3 })).toEqual(least);
  });

  it('is that of the vault if it is slower, or if the store is not paced', () => {
    const deliveries = { items: 1000, created: 1000, replaced: 0 };
    const slow = { callsPerSecond: 10, callsPerItem: 3 };
    const least = { seconds: 300, by: 'vault', perSecond: 10 };
    expect(leastDuration(deliveries, { store: STORE, ...slow })).toEqual(least);
    expect(leastDuration(deliveries, { store: undefined, ...slow })).toEqual(least);
  });

  it('counts each target as new or changed', () => {
    const { item, targets } = batchItem(1);
    const [target] = targets;
    if (target === undefined) throw new Error('The item has no target.');
    const both = {
      item,
      targets: [
        { ...target, expected: 'absent' as const },
        { ...target, expected: { stamp: 'x' } },
      ],
    };
    expect(countDeliveries([both])).toEqual({ items: 1, created: 1, replaced: 1 });
  });
});

describe('the number of items of a batch', () => {
  it('is the configured one at the default limits', () => {
    expect(batchItems(250, { store: STORE, callsPerSecond: 200 }, 2)).toBe(250);
  });

  it('is so small that its steps end in time, and never zero', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 50 }),
        (size, perSecond, callsPerSecond, concurrency) => {
          const items = batchItems(size, { store: { ...STORE, perSecond }, callsPerSecond }, concurrency);
          expect(items).toBeGreaterThanOrEqual(1);
          expect(items).toBeLessThanOrEqual(size);
          if (items === 1) return;
          // Each step calls the vault once for an item, beside the other batches of the run.
          expect((items * concurrency) / callsPerSecond).toBeLessThanOrEqual(900);
          expect((items * STORE.replace) / perSecond).toBeLessThanOrEqual(60);
        },
      ),
    );
  });
});

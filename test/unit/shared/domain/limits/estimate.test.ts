import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addItems, batchItems, countDeliveries, describeLeast, leastDuration } from '#shared/domain/limits/estimate.ts';
import { batchItem } from '#test/support/batches.ts';

const STORE = { store: 'aws', perSecond: 40, create: 1, replace: 2 };
const workload = (items: number, created: number, replaced: number) => ({
  items,
  stores: { aws: { created, replaced } },
});

describe('the least duration of a run', () => {
  it.each([
    ['new secrets', workload(5000, 5000, 0), 125],
    ['changed secrets', workload(5000, 0, 5000), 250],
    ['both, under separate quotas', workload(300, 200, 100), 5],
    ['nothing', { items: 0, stores: {} }, 0],
  ])('is that of the store for %s', (_what, work, seconds) => {
    const least = { seconds, store: 'aws', perSecond: 40 };
    expect(leastDuration(work, { stores: [STORE], callsPerSecond: 200, callsPerItem: 3 })).toEqual(least);
  });

  it('is that of the vault if it is slower, or if no store is paced', () => {
    const slow = { callsPerSecond: 10, callsPerItem: 3 };
    const least = { seconds: 300, perSecond: 10 };
    expect(leastDuration(workload(1000, 1000, 0), { stores: [STORE], ...slow })).toEqual(least);
    expect(leastDuration(workload(1000, 1000, 0), { stores: [], ...slow })).toEqual(least);
  });

  it('is that of the slowest store, whatever the order of the stores', () => {
    const work = { items: 90, stores: { aws: { created: 90, replaced: 0 }, slow: { created: 10, replaced: 80 } } };
    const stores = [STORE, { store: 'slow', perSecond: 3, create: 1, replace: 1 }];
    const vault = { callsPerSecond: 200, callsPerItem: 3 };
    const least = { seconds: 26, store: 'slow', perSecond: 3 };
    for (const order of [stores, stores.toReversed()]) {
      expect(leastDuration(work, { stores: order, ...vault })).toEqual(least);
    }
    expect(describeLeast(least)).toBe('at least 26 s (3 writes per second to the store slow)');
    expect(describeLeast({ seconds: 7500, perSecond: 10 })).toBe(
      'at least 2 h 5 min (10 calls per second to the vault)',
    );
  });

  it('counts each target of each store as new or changed', () => {
    const { item, targets } = batchItem(1);
    const [target] = targets;
    if (target === undefined) throw new Error('The item has no target.');
    const both = {
      item,
      targets: [
        { ...target, expected: 'absent' as const },
        { ...target, store: 'other', expected: { stamp: 'x' } },
      ],
    };
    expect(countDeliveries([both])).toEqual({ created: 1, replaced: 1 });
    const once = addItems({ items: 0, stores: {} }, [both]);
    expect(addItems(once, [both])).toEqual({
      items: 2,
      stores: { aws: { created: 2, replaced: 0 }, other: { created: 0, replaced: 2 } },
    });
  });
});

describe('the number of items of a batch', () => {
  it('is the configured one at the default limits', () => {
    expect(batchItems(250, { stores: [STORE], callsPerSecond: 200 }, 2)).toBe(250);
  });

  it('is so small that its steps end in time, and never zero', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 50 }),
        (size, perSecond, callsPerSecond, concurrency) => {
          const items = batchItems(size, { stores: [{ ...STORE, perSecond }], callsPerSecond }, concurrency);
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

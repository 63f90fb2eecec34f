import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch, Orphan } from '#shared/domain/plan/batch.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { batchItem } from '#test/support/batches.ts';

const STATE_LIMIT_BYTES = 262_144;

const writeAll = async (count: number, size: number) => {
  const sizes: number[] = [];
  const batches = createBatchWriter(
    size,
    async (_batch, { items }) => void sizes.push(items.length),
    async (): Promise<Batch> => ({ items: [], retire: [] }),
  );
  const one = batchItem(1);
  for (let added = 0; added < count; added += 1) await batches.add(one);
  await batches.flush();
  return { sizes, numbers: batches.numbers() };
};

describe('the batches of a plan', () => {
  it('contain every item, in batches no larger than the limit, for any number of items', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 50 }), async (count, size) => {
        const { sizes, numbers } = await writeAll(count, size);
        expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(count);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(size);
        expect(numbers).toEqual([...sizes.keys()]);
      }),
    );
  });

  it('remove an item, whether its batch is written or not', async () => {
    const written = new Map<number, Batch>();
    const batches = createBatchWriter(
      2,
      async (batch, content) => void written.set(batch, content),
      async (batch) => written.get(batch) ?? { items: [], retire: [] },
    );
    const added: number[] = [];
    for (const number of [1, 2, 3]) {
      added.push(batches.next());
      await batches.add(batchItem(number));
    }
    expect(added).toEqual([0, 0, 1]);
    await batches.withdraw(0, ({ name }) => name === 'prod/2');
    await batches.withdraw(1, ({ name }) => name === 'prod/3');
    await batches.flush();
    expect([...written.values()]).toEqual([{ items: [batchItem(1)], retire: [] }]);
    expect(batches.numbers()).toEqual([0]);
  });

  it('contain orphans separately, in parts of the same size', async () => {
    const written: Batch[] = [];
    const batches = createBatchWriter(
      2,
      async (_batch, content) => void written.push(content),
      async () => ({ items: [], retire: [] }),
    );
    const orphans = ['a', 'b', 'c'].map((name): Orphan => ({ store: 'aws', name }));
    await batches.retire(orphans);
    expect(written).toEqual([
      { items: [], retire: orphans.slice(0, 2) },
      { items: [], retire: orphans.slice(2) },
    ]);
  });

  it.each([1, 100, 250])('leave room in the state for a million failing items, from batches of %i', async (size) => {
    const { numbers } = await writeAll(1_000_000, size);
    const ends = numbers.map((batch) => ({ batch, error: 'DeliveryUnverified' }));
    expect(JSON.stringify({ planned: numbers, batchEnds: ends }).length).toBeLessThan(0.95 * STATE_LIMIT_BYTES);
  });
});

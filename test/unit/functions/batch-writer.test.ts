import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatchWriter } from '#functions/plan/batch-writer.ts';
import type { Batch, BatchItem } from '#shared/records/records.ts';
import { anAccount } from '#test/support/accounts.ts';

const STATE_LIMIT_BYTES = 262_144;
const item = (accountId: number): BatchItem => ({
  subject: anAccount({ accountId }),
  secretName: `s/${accountId}`,
  versionId: 'v',
});

const writeAll = async (count: number, size: number) => {
  const sizes: number[] = [];
  const batches = createBatchWriter(
    size,
    async (_batch, { items }) => void sizes.push(items.length),
    async (): Promise<Batch> => ({ items: [], retire: [] }),
  );
  const one = item(1);
  for (let added = 0; added < count; added += 1) await batches.add(one);
  await batches.flush();
  return { sizes, numbers: batches.numbers() };
};

describe('the batches of a plan', () => {
  it('hold every item, in batches no larger than asked for, however many there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 50 }), async (count, size) => {
        const { sizes, numbers } = await writeAll(count, size);
        expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(count);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(size);
        expect(numbers).toEqual([...sizes.keys()]);
      }),
    );
  });

  it.each([1, 100, 250])(
    'leave room in the state for a million accounts that all fail, begun with batches of %i',
    async (size) => {
      const { numbers } = await writeAll(1_000_000, size);
      const ends = numbers.map((batch) => ({ batch, error: 'DeliveryUnverified' }));
      expect(JSON.stringify({ planned: numbers, batchEnds: ends }).length).toBeLessThan(0.95 * STATE_LIMIT_BYTES);
    },
  );
});

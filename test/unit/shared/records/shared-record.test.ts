import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ABSENT, changeRecord, claimRecord, type Known, type SharedRecords } from '#shared/records/shared-record.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { createVirtualTime } from '#test/support/limit-world.ts';

const place = { key: 'limits/count.json', schema: z.object({ count: z.number(), by: z.string() }) };

describe('a shared record', () => {
  it('loses no change of concurrent writers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.nat(50), { minLength: 60 }),
        async (writers, waits) => {
          const time = createVirtualTime();
          const memory = memorySharedRecords();
          let call = 0;
          const slow = async <T>(work: () => Promise<T>): Promise<T> => {
            await time.sleep(waits[call++ % waits.length] ?? 0);
            return work();
          };
          const records: SharedRecords = {
            read: (at) => slow(() => memory.read(at)),
            replace: (at, record, expected) => slow(() => memory.replace(at, record, expected)),
          };
          const increment = (by: number) =>
            changeRecord(
              records,
              place,
              (current) => ({ next: { count: (current?.count ?? 0) + 1, by: String(by) }, result: undefined }),
              { sleep: time.sleep, random: () => (by % 7) / 7 },
            );
          await time.run(Promise.all(Array.from({ length: writers }, (_, by) => increment(by))));
          expect((await memory.read(place))?.record.count).toBe(writers);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is not written if nothing changes', async () => {
    const memory = memorySharedRecords();
    expect(await changeRecord(memory, place, () => ({ result: 7 }))).toBe(7);
    expect(memory.states.size).toBe(0);
  });

  it('is changed without a read if its state is known, and read if that state is outdated', async () => {
    const memory = memorySharedRecords();
    let reads = 0;
    const records: SharedRecords = {
      ...memory,
      read: (at) => {
        reads++;
        return memory.read(at);
      },
    };
    const add = (current: { count: number } | undefined) => ({
      next: { count: (current?.count ?? 0) + 1, by: 'us' },
      result: undefined,
    });
    let known: Known<{ count: number; by: string }> = { state: undefined };
    const change = () =>
      changeRecord(records, place, add, {
        known,
        onWritten: (state) => {
          known = { state };
        },
      });
    await change();
    await change();
    expect(reads).toBe(0);
    await memory.replace(place, { count: 10, by: 'others' }, known.state?.version ?? '');
    await change();
    expect(reads).toBe(1);
    expect((await memory.read(place))?.record.count).toBe(11);
    const nothing = await changeRecord(records, place, (current) => ({ result: current?.count }), {
      known: { state: undefined },
    });
    expect(nothing).toBe(11);
  });

  it('is an error that is retried if others keep changing it', async () => {
    const never: SharedRecords = { read: async () => undefined, replace: async () => undefined };
    const change = changeRecord(never, place, () => ({ next: { count: 1, by: 'us' }, result: 1 }), {
      sleep: async () => {},
    });
    await expect(change).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
  });

  it('is claimed by exactly one of its writers', async () => {
    const memory = memorySharedRecords();
    const claims = await Promise.all(['a', 'b', 'c'].map((by) => claimRecord(memory, place, { count: 0, by })));
    expect(new Set(claims.map(({ by }) => by)).size).toBe(1);
    expect(await memory.replace(place, { count: 1, by: 'd' }, ABSENT)).toBeUndefined();
  });
});

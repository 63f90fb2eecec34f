import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { limitAt } from '#shared/limits/limit-records.ts';
import { inSlot } from '#shared/limits/slots.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';

describe('the slots of a connection', () => {
  let records: SharedRecords;
  let clock: number;
  beforeEach(() => {
    records = memorySharedRecords();
    clock = Date.UTC(2026, 0, 1);
  });

  const slot = <R>(work: () => Promise<R>, { max = 2, remainingMs = 900_000, from = records } = {}) =>
    inSlot(
      {
        connection: 'vault-admin',
        max,
        records: from,
        remainingMs: () => remainingMs,
        now: () => clock,
      },
      work,
    );
  const held = async () => (await records.read(limitAt.slots('vault-admin')))?.record.slots.length;

  it('let no more functions work at once than there are, and none is left behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 12 }), async (max, functions) => {
        records = memorySharedRecords();
        let working = 0;
        let most = 0;
        let done = 0;
        const one = async (): Promise<void> => {
          try {
            await slot(
              async () => {
                most = Math.max(most, ++working);
                await nextTurn();
                working--;
                done++;
              },
              { max },
            );
          } catch (error) {
            expect(error).toMatchObject({ name: 'LimitReached', retryable: true });
            await nextTurn();
            await one();
          }
        };
        await Promise.all(Array.from({ length: functions }, one));
        expect(most).toBeLessThanOrEqual(max);
        expect(done).toBe(functions);
        expect(await held()).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('are free again after work that fails, with its error', async () => {
    await expect(slot(() => Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');
    expect(await held()).toBe(0);
  });

  it('of a function that died are free again when its invocation would have ended', async () => {
    const hangs = Promise.withResolvers<void>();
    void slot(() => hangs.promise, { max: 1, remainingMs: 60_000 });
    await expect(slot(async () => 'done', { max: 1 })).rejects.toMatchObject({
      name: 'LimitReached',
      message: expect.stringContaining('vault-admin: as many functions work with it'),
    });
    clock += 60_000;
    expect(await slot(async () => 'done', { max: 1 })).toBe('done');
    hangs.resolve();
  });

  it('are not taken twice if the answer of the claim was lost', async () => {
    let lost = 1;
    const forgetful: SharedRecords = {
      read: records.read,
      async replace(place, record, expected) {
        const version = await records.replace(place, record, expected);
        return lost-- > 0 ? undefined : version;
      },
    };
    await slot(async () => expect(await held()).toBe(1), { from: forgetful });
    expect(await held()).toBe(0);
  });

  it('lose no result if they cannot be released', async () => {
    let writes = 0;
    const failing: SharedRecords = {
      read: records.read,
      replace: (place, record, expected) =>
        ++writes > 1 ? Promise.reject(new Error('denied')) : records.replace(place, record, expected),
    };
    expect(await slot(async () => 'done', { from: failing })).toBe('done');
  });
});

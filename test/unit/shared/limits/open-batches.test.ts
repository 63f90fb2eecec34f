import { describe, expect, it } from 'vitest';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { limitAt } from '#shared/limits/limit-records.ts';
import { batchId, createOpenBatches } from '#shared/limits/open-batches.ts';
import { batchItem } from '#test/support/batches.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { createVirtualTime } from '#test/support/limit-world.ts';

const PACED = { perSecond: 40, create: 1, replace: 2 };

const createScene = () => {
  const time = createVirtualTime();
  const records = memorySharedRecords();
  const start = (remainingMs = () => 900_000) =>
    createOpenBatches({
      pacingOf: async (store) => (store === 'free' ? undefined : { ...PACED, id: store }),
      records,
      remainingMs,
      random: () => 0.5,
      now: time.now,
      sleep: time.sleep,
    });
  return { time, records, start };
};

const items = (count: number, store = 'aws', expected: 'absent' | 'unstamped' = 'unstamped'): BatchItem[] =>
  Array.from({ length: count }, (_, index) => {
    const { item, targets } = batchItem(index + 1);
    return { item, targets: targets.map((target) => ({ ...target, store, expected })) };
  });

describe('the open batches of a store', () => {
  it('are admitted while the store can take their writes within half a minute', async () => {
    const { time, start } = createScene();
    const { enter, leave } = start();
    // 40 writes per second for 30 s: six batches of 100 changed secrets.
    for (let batch = 0; batch < 6; batch++) await time.run(enter(`a/${batch}`, items(100)));
    const before = time.now();
    const next = enter('a/6', items(100));
    await time.run(time.sleep(5000));
    await time.run(leave('a/3', items(100)));
    await time.run(next);
    expect(time.now() - before).toBeGreaterThanOrEqual(5000);
    expect(time.now() - before).toBeLessThan(9000);
  });

  it('count a new secret as one write, and an item of another store as none', async () => {
    const { time, start } = createScene();
    const { enter } = start();
    for (let batch = 0; batch < 12; batch++) await time.run(enter(`a/${batch}`, items(100, 'aws', 'absent')));
    await time.run(enter('b/0', items(100, 'free')));
    await expect(time.run(enter('a/12', items(100)))).rejects.toMatchObject({ name: 'LimitReached', retryable: true });
  });

  it('are admitted alone, however large, and again if the step is repeated', async () => {
    const { time, start } = createScene();
    const { enter } = start();
    await time.run(enter('a/0', items(5000)));
    await time.run(enter('a/0', items(5000)));
    await expect(time.run(start(() => 35_000).enter('a/1', items(1)))).rejects.toMatchObject({ name: 'LimitReached' });
  });

  it('are admitted in their order, so that a stream of small ones does not pass a large one', async () => {
    const { time, start } = createScene();
    const { enter, leave } = start();
    let isOver = false;
    let small = 0;
    const stream = async (): Promise<void> => {
      while (!isOver) {
        const id = `small/${small++}`;
        await enter(id, items(100)).catch(() => {});
        await time.sleep(10_000);
        await leave(id, items(100));
      }
    };
    const large = async (): Promise<void> => {
      await time.sleep(15_000);
      // Its function ends before there is room. The workflow waits and starts it again.
      const first = start(() => 31_000).enter('large', items(500));
      await expect(first).rejects.toMatchObject({ name: 'LimitReached' });
      await time.sleep(50_000);
      const asked = time.now();
      await enter('large', items(500));
      expect(time.now() - asked).toBeLessThan(15_000);
      isOver = true;
    };
    await time.run(Promise.all([...Array.from({ length: 12 }, stream), large()]));
  });

  it('keep their place for a pause, and lose it if they do not come again', async () => {
    const { time, start } = createScene();
    await time.run(start().enter('open', items(600)));
    await expect(time.run(start(() => 31_000).enter('first', items(300)))).rejects.toThrow();
    await time.run(start().leave('open', items(600)));
    await time.run(time.sleep(60_000));
    await expect(time.run(start(() => 31_000).enter('second', items(400)))).rejects.toThrow();
    await time.run(time.sleep(80_000));
    await time.run(start(() => 31_000).enter('second', items(400)));
  });

  it('never wait for each other in two stores', async () => {
    const { time, start } = createScene();
    const both = [
      [...items(600, 'aws'), ...items(600, 'other')],
      [...items(600, 'other'), ...items(600, 'aws')],
    ];
    const runs = both.map(async (own, index) => {
      const { enter, leave } = start();
      await enter(`run/${index}`, own);
      await time.sleep(10_000);
      await leave(`run/${index}`, own);
    });
    await time.run(Promise.all(runs));
  });

  it('let others use a store while they wait for another one', async () => {
    const { time, start } = createScene();
    await time.run(start().enter('open', items(600, 'other')));
    const waiting = start(() => 31_000).enter('both', [...items(600, 'aws'), ...items(600, 'other')]);
    await expect(time.run(waiting)).rejects.toMatchObject({ name: 'LimitReached' });
    await time.run(start(() => 31_000).enter('small', items(100, 'aws')));
  });

  it('are forgotten an hour after a run lost them', async () => {
    const { time, start } = createScene();
    const { enter } = start();
    await time.run(enter('a/0', items(5000)));
    await time.run(time.sleep(49 * 60_000));
    await time.run(enter('a/1', items(5000)));
  });

  it('include those that another version of the relay recorded', async () => {
    const { time, records, start } = createScene();
    const batches = [{ id: 'old', writes: 1200, untilMs: time.now() + 60_000 }];
    records.states.set(limitAt.openBatches('aws').key, { text: JSON.stringify({ batches }), version: '1' });
    await expect(time.run(start(() => 31_000).enter('a/0', items(1)))).rejects.toMatchObject({ name: 'LimitReached' });
  });

  it('are told apart by their run and number', () => {
    expect(batchId({ run: 'databases.1' }, 23)).not.toBe(batchId({ run: 'databases.12' }, 3));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CREDIT_MS } from '#shared/domain/limits/pace.ts';
import { limitAt, type Priority } from '#shared/limits/limit-records.ts';
import { createStorePace } from '#shared/limits/store-pace.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { createVirtualTime } from '#test/support/limit-world.ts';

const createScene = (perSecond: number) => {
  const time = createVirtualTime();
  const records = memorySharedRecords();
  const writes: number[] = [];
  const start = (priority: Priority = 'fleet', remainingMs = () => 900_000) => {
    const pace = createStorePace({
      store: 'aws',
      perSecond,
      priority,
      records,
      remainingMs,
      random: () => 0.5,
      now: time.now,
      sleep: time.sleep,
    });
    return {
      ...pace,
      write: (count: number, quota = 'update') =>
        Promise.all(
          Array.from({ length: count }, async () => {
            await pace.take(quota);
            writes.push(time.now());
          }),
        ),
    };
  };
  const within = (fromMs: number, forMs: number) => writes.filter((at) => at >= fromMs && at < fromMs + forMs).length;
  return { time, records, writes, start, within };
};

describe('the pace of a store', () => {
  it('holds for all processes together, and is used in full', async () => {
    const process = fc.record({
      writes: fc.integer({ min: 1, max: 200 }),
      startMs: fc.nat(2000),
      person: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(process, { minLength: 1, maxLength: 8 }),
        async (perSecond, processes) => {
          const { time, writes, start, within } = createScene(perSecond);
          await time.run(
            Promise.all(
              processes.map(async ({ writes: count, startMs, person }) => {
                await time.sleep(startMs);
                await start(person ? 'person' : 'fleet').write(count);
              }),
            ),
          );
          const allowed = perSecond * (1 + MAX_CREDIT_MS / 1000) + 1;
          for (const from of writes) expect(within(from, 1000)).toBeLessThanOrEqual(allowed);
          const from = Math.min(...writes);
          const seconds = (Math.max(...writes) - from) / 1000;
          // Only the first writes can use the credit.
          expect(writes.length).toBeLessThanOrEqual(perSecond * (seconds + MAX_CREDIT_MS / 1000) + 1);
          if (processes.every(({ startMs }) => startMs === 0)) {
            expect(writes.length).toBeGreaterThanOrEqual(perSecond * seconds * 0.98);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is separate for each quota', async () => {
    const { time, start } = createScene(10);
    const one = start();
    const before = time.now();
    await time.run(Promise.all([one.write(50, 'create'), one.write(50, 'update')]));
    expect(time.now() - before).toBeLessThan(5000);
  });

  it('is halved for a minute by a refused write, once for those that were refused together', async () => {
    const { time, start, within } = createScene(40);
    const one = start();
    const before = time.now();
    await time.run(Promise.all([one.slow('update'), one.slow('update'), one.slow('update')]));
    await time.run(one.write(2400));
    expect(within(before + 10_000, 10_000)).toBeLessThanOrEqual(201);
    expect(within(before + 10_000, 10_000)).toBeGreaterThanOrEqual(190);
    expect(within(before + 62_000, 10_000)).toBeGreaterThanOrEqual(390);
  });

  it('lets a person write within two seconds, while a fleet has a thousand writes to make', async () => {
    const { time, start } = createScene(40);
    const fleets = [start(), start(), start(), start()].map((one) => one.write(250));
    await time.run(time.sleep(3000));
    const before = time.now();
    await time.run(start('person').write(2));
    expect(time.now() - before).toBeLessThan(2000);
    await time.run(Promise.all(fleets));
  });

  it('loses only the reserved times of a process that dies or is frozen', async () => {
    const { time, start, writes } = createScene(10);
    const frozen = start();
    const late = frozen.write(4);
    await time.run(time.sleep(1));
    const before = time.now();
    await time.run(start().write(20));
    expect(time.now() - before).toBeLessThan(2500);
    await time.run(late);
    expect(writes).toHaveLength(24);
  });

  it('is not stopped by a function whose clock was an hour ahead', async () => {
    const { time, records, start } = createScene(40);
    const ahead = time.now() + 3_600_000;
    await records.replace(limitAt.pace('aws', 'update'), { nextAtMs: ahead, slowUntilMs: ahead }, 'absent');
    const before = time.now();
    await time.run(start().write(40));
    expect(time.now() - before).toBeLessThan(1100);
  });

  it('ends the wait before the function ends, with an error that is retried', async () => {
    const { time, start } = createScene(1);
    const endMs = time.now() + 35_000;
    const many = start('person', () => endMs - time.now()).write(10);
    await expect(time.run(many)).rejects.toMatchObject({ name: 'LimitReached', retryable: true });
  });
});

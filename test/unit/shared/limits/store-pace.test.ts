import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CREDIT_MS } from '#shared/domain/limits/pace.ts';
import { RelayError } from '#shared/errors.ts';
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

  it('is kept by hundreds of checkouts that write at once', async () => {
    const { time, writes, start, within } = createScene(1);
    await time.run(Promise.all(Array.from({ length: 300 }, () => start('person').write(1))));
    expect(writes).toHaveLength(300);
    expect(Math.max(...writes.map((from) => within(from, 10_000)))).toBeLessThanOrEqual(12);
  });

  it('survives records that cannot be reached for some seconds', async () => {
    const { time, records, writes, start } = createScene(40);
    const { read } = records;
    let failures = 3;
    records.read = async (place) => {
      if (failures-- > 0) throw new RelayError('StoreUnavailable', 'S3 did not answer.');
      return read(place);
    };
    const one = start();
    await time.run(one.write(60));
    expect(writes).toHaveLength(60);
    failures = 1;
    await time.run(one.slow('update'));
    failures = 100;
    await expect(time.run(one.write(20))).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('never forgets a write that comes as the last one ends', async () => {
    const { time, writes, start } = createScene(1000);
    const one = start();
    const writeAfter = async (turns: number) => {
      await one.write(1);
      for (let turn = 0; turn < turns; turn++) await undefined;
      await one.write(1);
    };
    for (let turns = 0; turns < 12; turns++) await time.run(writeAfter(turns));
    expect(writes).toHaveLength(24);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { limitAt, PRIORITIES } from '#shared/limits/limit-records.ts';
import { createLimitWorld } from '#test/support/limit-world.ts';

const LIMIT = { inFlight: 4, perSecond: 20 };

/** Starts a process that holds the whole limit, because one of its calls lasts for ten minutes. */
const startHolder = ({ start }: Pick<ReturnType<typeof createLimitWorld>, 'start'>) => {
  const holder = start({ limit: LIMIT, timeoutMs: 700_000 });
  void holder.call(600_000);
  return holder;
};

describe('the limits of a connection', () => {
  it('hold for all processes at once, whatever they do', async () => {
    const process = fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      calls: fc.integer({ min: 1, max: 25 }),
      durationMs: fc.integer({ min: 1, max: 1500 }),
      connectMs: fc.integer({ min: 0, max: 300 }),
      startMs: fc.integer({ min: 0, max: 3000 }),
      freeze: fc.option(fc.record({ afterMs: fc.nat(5000), forMs: fc.nat(200_000) }), { freq: 3 }),
      ending: fc.constantFrom('release', 'release', 'die'),
      callers: fc.integer({ min: 1, max: 4 }),
      latencyMs: fc.oneof(fc.constant(0), fc.integer({ min: 10, max: 300 })),
      lost: fc.array(fc.boolean(), { maxLength: 6 }),
    });
    const limit = fc.record({ inFlight: fc.integer({ min: 1, max: 6 }), perSecond: fc.integer({ min: 1, max: 30 }) });
    await fc.assert(
      fc.asyncProperty(limit, fc.array(process, { minLength: 1, maxLength: 8 }), async (limits, processes) => {
        const { time, server, start } = createLimitWorld();
        let done = 0;
        const run = async ({
          priority,
          calls,
          durationMs,
          connectMs,
          startMs,
          freeze,
          ending,
          callers,
          ...s3
        }: (typeof processes)[number]) => {
          await time.sleep(startMs);
          const wanted = {
            inFlight: Math.max(1, Math.floor(limits.inFlight / callers)),
            perSecond: Math.max(1, Math.floor(limits.perSecond / callers)),
          };
          const one = start({ limit: limits, wanted, priority, timeoutMs: 2000, ...s3 });
          if (freeze !== null) void time.sleep(freeze.afterMs).then(() => one.freeze(freeze.forMs));
          const made = Promise.all(
            Array.from({ length: calls }, () => one.call(durationMs, connectMs).then(() => done++)),
          );
          const results = await Promise.allSettled([made]);
          for (const result of results) {
            // Others can use the limits for longer than a step waits.
            if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'LimitReached' });
          }
          if (ending === 'release') await one.release();
        };
        await time.run(Promise.all(processes.map(run)));
        expect(server.maxInFlight()).toBeLessThanOrEqual(limits.inFlight);
        expect(server.maxPerSecond()).toBeLessThanOrEqual(limits.perSecond);
        expect(server.calls()).toBe(done);
      }),
      { numRuns: 60 },
    );
  });

  it('are used in full by one process', async () => {
    const { time, server, start } = createLimitWorld();
    const one = start({ limit: LIMIT });
    const before = time.now();
    await time.run(one.calls(200, 10));
    // 20 calls in 1.01 s each.
    expect(time.now() - before).toBeLessThan(10_000);
    expect(server.maxPerSecond()).toBe(20);
  });

  it('are divided among processes that want a part', async () => {
    const { time, server, start } = createLimitWorld();
    const wanted = { inFlight: 2, perSecond: 10 };
    const both = [start({ limit: LIMIT, wanted }), start({ limit: LIMIT, wanted })];
    await time.run(Promise.all(both.map((one) => one.calls(40, 100))));
    expect(server.maxInFlight()).toBe(4);
    expect(server.maxPerSecond()).toBeLessThanOrEqual(20);
  });

  it('are available at once after a release, and within a minute after a death', async () => {
    const { time, start } = createLimitWorld();
    const first = start({ limit: LIMIT });
    await time.run(first.calls(1, 10));
    await time.run(first.release());
    const second = start({ limit: LIMIT });
    const released = time.now();
    await time.run(second.calls(1, 10));
    expect(time.now() - released).toBeLessThan(50);
    second.freeze(86_400_000);
    const died = time.now();
    const third = start({ limit: LIMIT, priority: 'person' });
    await time.run(third.calls(1, 10));
    expect(time.now() - died).toBeGreaterThan(30_000);
    expect(time.now() - died).toBeLessThan(50_000);
  });

  describe('that allow one call at a time', () => {
    const limit = { inFlight: 1, perSecond: 10 };

    it('are claimed again by a process that was frozen past the end of its share', async () => {
      const { time, server, start } = createLimitWorld();
      const frozen = start({ limit, timeoutMs: 1000 });
      await time.run(frozen.call(10));
      frozen.freeze(100_000);
      const late = frozen.call(900);
      const other = start({ limit, timeoutMs: 1000, priority: 'person' });
      await time.run(time.sleep(60_000));
      const calls = other.calls(60, 1000).then(() => other.release());
      await time.run(Promise.all([calls, late]));
      expect(server.maxInFlight()).toBe(1);
    });

    it('are not used by a call that was frozen between its turn and its first byte', async () => {
      const { time, server, start } = createLimitWorld();
      const frozen = start({ limit, timeoutMs: 1000 });
      const late = frozen.call(900, 300);
      await time.run(time.sleep(100));
      frozen.freeze(100_000);
      const other = start({ limit, timeoutMs: 1000, priority: 'person' });
      await time.run(time.sleep(60_000));
      const calls = other.calls(60, 1000).then(() => other.release());
      await time.run(Promise.all([calls, late]));
      expect(server.maxInFlight()).toBe(1);
    });

    it('are not free before the last call of a dead process must have ended', async () => {
      const { time, server, start } = createLimitWorld();
      const timeoutMs = 8000;
      const dying = start({ limit, timeoutMs });
      for (let call = 0; call < 28; call++) await time.run(dying.call(500));
      void dying.call(timeoutMs);
      dying.freeze(86_400_000);
      const other = start({ limit, timeoutMs, priority: 'person' });
      await time.run(other.call(10));
      expect(server.maxInFlight()).toBe(1);
      expect(server.calls()).toBe(30);
    });
  });

  it('go to a person first, while a fleet uses all of them', async () => {
    const { time, start } = createLimitWorld();
    const fleet = start({ limit: LIMIT });
    const all = fleet.calls(2000, 150);
    await time.run(time.sleep(5000));
    const person = start({ limit: LIMIT, priority: 'person' });
    const asked = time.now();
    for (let step = 0; step < 5; step++) {
      await time.run(person.call(150));
      await time.run(person.release());
      await time.run(time.sleep(1000));
    }
    // Five steps of 0.15 s, with a second between them.
    expect(time.now() - asked - 5 * 1150).toBeLessThan(8000);
    await time.run(all);
  });

  it('go to a batch with open leases before another one opens its own', async () => {
    const { time, start } = createLimitWorld();
    const holder = start({ limit: LIMIT });
    const held = holder.call(6000);
    await time.run(time.sleep(100));
    const order: string[] = [];
    const fleet = start({ limit: LIMIT });
    const batch = start({ limit: LIMIT, priority: 'open-leases' });
    const waiting = Promise.all([
      fleet.call(10).then(() => order.push('fleet')),
      batch.call(10).then(async () => {
        order.push('batch');
        await batch.release();
      }),
    ]);
    await time.run(held.then(holder.release));
    await time.run(waiting);
    expect(order).toEqual(['batch', 'fleet']);
  });

  it('come back to a session that was interrupted for a person, however long it takes', async () => {
    const { time, server, start } = createLimitWorld();
    const fleet = start({ limit: LIMIT });
    const all = fleet.calls(40, 500);
    await time.run(time.sleep(700));
    const person = start({ limit: LIMIT, priority: 'person', timeoutMs: 120_000 });
    await time.run(person.call(100_000));
    await time.run(person.release());
    await time.run(all);
    expect(server.calls()).toBe(41);
  });

  it('come back while a session does not call', async () => {
    const { time, start } = createLimitWorld();
    const idle = start({ limit: LIMIT, priority: 'open-leases' });
    await time.run(idle.call(100));
    await time.run(time.sleep(1500));
    const person = start({ limit: LIMIT, priority: 'person' });
    const asked = time.now();
    await time.run(person.call(10));
    expect(time.now() - asked).toBeLessThan(50);
    await time.run(person.release());
    // For example, it signs out.
    await time.run(idle.call(10));
  });

  it('go back to a fleet as soon as no person waits', async () => {
    const { time, start } = createLimitWorld();
    const fleet = start({ limit: LIMIT });
    const all = fleet.calls(60, 150);
    await time.run(time.sleep(2000));
    const person = start({ limit: LIMIT, priority: 'person' });
    await time.run(person.call(10));
    await time.run(person.release());
    const released = time.now();
    await time.run(all);
    // 20 calls in 1.15 s.
    expect(time.now() - released).toBeLessThan(2500);
  });

  it('go to a batch with open leases ahead of a fleet that has begun', async () => {
    const { time, start } = createLimitWorld();
    const fleets = [1, 2].map(() => start({ limit: LIMIT, latencyMs: 30 }).calls(2000, 150));
    await time.run(time.sleep(5000));
    for (let batch = 0; batch < 3; batch++) {
      const one = start({ limit: LIMIT, latencyMs: 30, priority: 'open-leases' });
      const asked = time.now();
      await time.run(one.call(100));
      expect(time.now() - asked).toBeLessThan(40_000);
      await time.run(one.release());
    }
    await time.run(Promise.all(fleets));
  });

  it('are not used up by short sessions, whose calls count once', async () => {
    const { time, start } = createLimitWorld();
    const before = time.now();
    for (let session = 0; session < 60; session++) {
      const one = start({ limit: LIMIT, wanted: { inFlight: 2, perSecond: 10 }, latencyMs: 10 });
      await time.run(one.call(50));
      await time.run(one.release());
    }
    // Each session takes 0.08 s, at most 20 of them in a second.
    expect(time.now() - before).toBeLessThan(6000);
  });

  describe('while S3 fails', () => {
    const failing = new RelayError('StoreUnavailable', 'S3 did not answer.');

    it('serve the calls of a session that returns its share for a person', async () => {
      const { time, records, server, start } = createLimitWorld();
      const { replace } = records;
      const all = start({ limit: LIMIT }).calls(40, 200);
      await time.run(time.sleep(600));
      await replace(limitAt.waiting('vault', 'person'), { atMs: time.now() }, 'absent');
      let failures = 1;
      records.replace = async (...write) => {
        if (failures-- > 0) throw failing;
        return replace(...write);
      };
      await time.run(all);
      expect(failures).toBeLessThan(1);
      expect(server.calls()).toBe(40);
    });

    it('serve on under a share that could not be enlarged, as long as it is valid', async () => {
      const { time, records, server, start } = createLimitWorld();
      const { replace } = records;
      const first = start({ limit: LIMIT, wanted: { inFlight: 3, perSecond: 15 } });
      void first.call(30_000);
      await time.run(time.sleep(100));
      const small = start({ limit: LIMIT }).calls(45, 200);
      await time.run(time.sleep(100));
      let failures = 0;
      records.replace = async (...write) => {
        if (write[0].key === limitAt.shares('vault').key && failures++ < 1) throw failing;
        return replace(...write);
      };
      await time.run(small);
      expect(failures).toBeGreaterThan(0);
      expect(server.calls()).toBe(46);
    });
  });

  it('alternate between sessions of the same priority', async () => {
    const { time, server, start } = createLimitWorld();
    const whole = { inFlight: 1, perSecond: 20 };
    const [long, other] = [start({ limit: whole }), start({ limit: whole })];
    const all = long.calls(600, 100);
    await time.run(time.sleep(500));
    const asked = time.now();
    await time.run(other.call(10));
    await time.run(other.release());
    expect(time.now() - asked).toBeLessThan(15_000);
    await time.run(all);
    expect(server.maxInFlight()).toBe(1);
    expect(server.calls()).toBe(601);
  });

  it('are used almost in full by two sessions that both want all of them', async () => {
    const { time, server, start } = createLimitWorld();
    const both = [start({ limit: LIMIT }), start({ limit: LIMIT })];
    const before = time.now();
    await time.run(Promise.all(both.map((one) => one.calls(400, 100).then(one.release))));
    // 20 calls in 1.1 s, and pauses when the sessions alternate.
    expect(time.now() - before).toBeLessThan(50_000);
    expect(server.maxInFlight()).toBe(4);
  });

  it('grow with what other sessions return', async () => {
    const { time, start } = createLimitWorld();
    const most = { inFlight: 3, perSecond: 18 };
    const first = start({ limit: LIMIT, wanted: most });
    const held = first.call(2000);
    await time.run(time.sleep(100));
    const small = start({ limit: LIMIT, wanted: most });
    const all = small.calls(200, 100);
    const before = time.now();
    await time.run(held.then(first.release));
    await time.run(all);
    // 18 calls in 1.1 s, after some seconds with two.
    expect(time.now() - before).toBeLessThan(20_000);
  });

  it('end the wait of a step after a minute, or before its function ends', async () => {
    const { time, start } = createLimitWorld();
    // A warm process, whose earlier session has ended.
    const warm = start({ limit: LIMIT });
    await time.run(warm.call(10));
    await time.run(warm.release());
    startHolder({ start });
    await time.run(time.sleep(100));
    const before = time.now();
    const refusal = { name: 'LimitReached', retryable: true, message: expect.stringContaining('vault') };
    await expect(time.run(warm.call(10))).rejects.toMatchObject(refusal);
    expect(time.now() - before).toBeLessThan(63_000);
    const again = time.now();
    const short = start({ limit: LIMIT, remainingMs: () => 31_000 });
    await expect(time.run(short.call(10))).rejects.toMatchObject(refusal);
    expect(time.now() - again).toBeLessThan(3000);
  });

  it('are returned after a failed session, without the calls that still waited', async () => {
    const { time, records, server, start } = createLimitWorld();
    const holder = start({ limit: LIMIT });
    const held = holder.call(4000);
    await time.run(time.sleep(100));
    const failed = start({ limit: LIMIT });
    const calls = failed.calls(20, 100);
    calls.catch(() => {});
    await time.run(time.sleep(3000));
    const before = time.now();
    await time.run(failed.release());
    expect(time.now() - before).toBeLessThan(2000);
    await expect(calls).rejects.toMatchObject({ name: 'LimitReached' });
    await time.run(held.then(holder.release));
    await time.run(time.sleep(5000));
    expect((await records.read(limitAt.shares('vault')))?.record.shares).toEqual([]);
    expect(server.calls()).toBe(1);
    await time.run(failed.call(10));
    expect(server.calls()).toBe(2);
  });

  describe('of a server that asks for a wait', () => {
    const half = { inFlight: 2, perSecond: 10 };

    it('stop for all processes until it is over, also for one that calls at the time', async () => {
      const { time, server, start } = createLimitWorld();
      const [told, calling] = [start({ limit: LIMIT, wanted: half }), start({ limit: LIMIT, wanted: half })];
      const calls = calling.calls(1000, 100);
      calls.catch(() => {});
      await time.run(Promise.all([told.call(10), time.sleep(2000)]));
      const paused = await time.run(told.pause(600_000));
      const until = new Date(time.now() + 600_000).toISOString();
      expect(paused).toMatchObject({
        name: 'LimitReached',
        message: expect.stringContaining(`vault: the server asked for no calls before ${until}`),
      });
      await expect(time.run(told.call(10))).rejects.toMatchObject(paused);
      await time.run(time.sleep(15_000));
      await expect(calls).rejects.toMatchObject({ name: 'LimitReached', message: paused.message });
      const before = server.calls();
      // A shorter wait that another call is told does not end the longer one.
      await time.run(calling.pause(10_000));
      await time.run(calling.release());
      await expect(time.run(start({ limit: LIMIT, priority: 'person' }).call(10))).rejects.toMatchObject({
        message: paused.message,
      });
      expect(server.calls()).toBe(before);
      await time.run(time.sleep(585_000));
      await time.run(Promise.all([told.call(10), start({ limit: LIMIT, wanted: half }).call(10)]));
      expect(server.calls()).toBe(before + 2);
    });

    it('are waited for in the function if that takes less than a minute', async () => {
      const { time, start } = createLimitWorld();
      const one = start({ limit: LIMIT });
      await time.run(one.pause(50_000));
      const before = time.now();
      await time.run(start({ limit: LIMIT }).call(10));
      expect(time.now() - before).toBeGreaterThan(50_000);
      await time.run(one.pause(50_000));
      const short = start({ limit: LIMIT, remainingMs: () => 79_000 });
      await expect(time.run(short.call(10))).rejects.toMatchObject({ name: 'LimitReached' });
    });

    it('begin again after it, also in a function that is about to end and has to sign out', async () => {
      const { time, start } = createLimitWorld();
      const left = { ms: 900_000 };
      const one = start({ limit: LIMIT, remainingMs: () => left.ms });
      await time.run(one.call(10));
      await time.run(one.pause(20_000));
      await time.run(time.sleep(20_500));
      await time.run(one.call(10));
      left.ms = 10_000;
      await time.run(one.call(10));
    });

    it('are not stopped for longer than an hour, nor by a record that says so', async () => {
      const { time, records, start } = createLimitWorld();
      const { message } = await time.run(start({ limit: LIMIT }).pause(7 * 86_400_000));
      expect(message).toContain(new Date(time.now() + 3_600_000).toISOString());
      const place = limitAt.shares('vault');
      const version = (await records.read(place))?.version ?? '';
      await records.replace(place, { shares: [], ended: [], pausedUntilMs: time.now() + 2 * 3_600_000 }, version);
      await time.run(start({ limit: LIMIT }).call(10));
    });

    it('stop at once for the process that was told, also if the record cannot be written', async () => {
      const { time, records, server, start } = createLimitWorld();
      const one = start({ limit: LIMIT });
      const calls = one.calls(1000, 100);
      calls.catch(() => {});
      await time.run(time.sleep(2000));
      records.replace = () => Promise.reject(new RelayError('StoreDenied', 'The bucket is closed.'));
      const before = server.calls();
      const paused = await time.run(one.pause(600_000));
      await expect(time.run(calls)).rejects.toMatchObject({ name: 'LimitReached', message: paused.message });
      expect(server.calls()).toBeLessThanOrEqual(before + LIMIT.inFlight);
    });
  });

  it('are not blocked by a function whose clock was an hour ahead', async () => {
    const { time, records, start } = createLimitWorld();
    const untilMs = time.now() + 3_600_000;
    const shares = [{ holder: 'ahead', inFlight: 4, perSecond: 20, untilMs, inherited: [] }];
    await records.replace(limitAt.shares('vault'), { shares, ended: [untilMs] }, 'absent');
    const before = time.now();
    await time.run(start({ limit: LIMIT }).call(10));
    expect(time.now() - before).toBeLessThan(100);
  });

  it('survive a record that another version of the relay wrote for larger limits', async () => {
    const { time, records, start } = createLimitWorld();
    const untilMs = time.now() + 5000;
    const shares = [{ holder: 'old', inFlight: 100, perSecond: 100, untilMs }];
    const text = JSON.stringify({ shares, ended: [] });
    records.states.set(limitAt.shares('vault').key, { text, version: '1' });
    const one = start({ limit: LIMIT });
    await time.run(one.call(10));
    expect(time.now()).toBeGreaterThan(untilMs);
  });
});

import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { limitAt } from '#shared/limits/limit-records.ts';
import { createRenewals } from '#shared/limits/renewals.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { createVirtualTime } from '#test/support/limit-world.ts';

const PROCESSES = 20;

const REFUSAL = new RelayError('SignInRefused', 'The vault refused the client secret.');

/** Processes that share a token, and a vault that issues one in a second. */
const setUp = () => {
  const time = createVirtualTime();
  const records = memorySharedRecords();
  const world = {
    issued: 0,
    calls: 0,
    error: undefined as RelayError | undefined,
    dies: false,
    version: 'bootstrap-1',
    callMs: 1000,
  };
  const renewing = async (): Promise<number> => {
    world.calls += 1;
    // A function that dies does nothing any more.
    if (world.dies && world.calls === 1) return new Promise(() => {});
    await time.sleep(world.callMs);
    if (world.error !== undefined) throw world.error;
    world.issued += 1;
    return world.issued;
  };
  const renewalsOf = () => {
    const sleep = world.dies && world.calls === 0 ? () => new Promise(() => {}) : time.sleep;
    return createRenewals({ connection: 'vault', records, now: time.now, sleep, random: () => 0.5 });
  };
  const renewOnce = (old = world.issued): Promise<number> =>
    renewalsOf().once({
      version: world.version,
      existing: async () => (world.issued > old ? world.issued : undefined),
      renew: renewing,
    });
  const renewAll = (): Promise<PromiseSettledResult<number>[]> =>
    Promise.allSettled(Array.from({ length: PROCESSES }, () => renewOnce()));
  return { time, records, world, renewOnce, renewAll, run: () => time.run(renewAll()) };
};

const valuesOf = (results: readonly PromiseSettledResult<number>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.name));

describe('renewals of a shared token', () => {
  it('request one token for 20 functions that meet its end in the same second', async () => {
    const { run, world } = setUp();
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill(1));
    expect(world.calls).toBe(1);
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill(2));
    expect(world.calls).toBe(2);
  });

  it('request a second token if the function that renews dies', async () => {
    const { time, renewOnce, renewAll, world } = setUp();
    world.dies = true;
    void renewOnce();
    await time.run(time.sleep(1));
    const from = time.now();
    expect(valuesOf(await time.run(renewAll()))).toEqual(Array(PROCESSES).fill(1));
    expect(world.calls).toBe(2);
    expect(time.now() - from).toBeLessThan(60_000);
  });

  it('request one token, even if the vault takes longer to issue it than a term', async () => {
    const { run, world } = setUp();
    world.callMs = 200_000;
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill(1));
    expect(world.calls).toBe(1);
  });

  it.each([
    [true, 1],
    [false, PROCESSES],
  ])('fail together after a failure that may have made a token (%s), in %i calls', async (mayHaveHappened, calls) => {
    const { run, world } = setUp();
    world.error = new RelayError('VaultUnavailable', 'The vault failed.', { mayHaveHappened });
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill('VaultUnavailable'));
    expect(world.calls).toBe(calls);
  });

  it('present refused credentials once, until they change or the refusal is old', async () => {
    const { run, time, world } = setUp();
    world.error = REFUSAL;
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill('SignInRefused'));
    expect(world.calls).toBe(1);
    await time.run(time.sleep(20_000));
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill('SignInRefused'));
    expect(world.calls).toBe(2);
    Object.assign(world, { error: undefined, version: 'bootstrap-2' });
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill(1));
  });

  it('never end the term of another function, even after a freeze', async () => {
    const { time, records, world, renewOnce } = setUp();
    const place = limitAt.renewal('vault');
    const first = renewOnce();
    await time.run(time.sleep(500));
    const other = { holder: 'other', untilMs: time.now() + 45_000 };
    await records.replace(place, other, (await records.read(place))?.version ?? '');
    expect(await time.run(first)).toBe(1);
    expect((await records.read(place))?.record).toEqual(other);
    expect(world.calls).toBe(1);
  });

  it('know a refusal that arrives after a freeze', async () => {
    const { time, records, world, renewOnce, run } = setUp();
    const place = limitAt.renewal('vault');
    world.error = REFUSAL;
    const first = renewOnce().catch(() => {});
    await time.run(time.sleep(500));
    const other = { holder: 'other', untilMs: time.now() + 1000 };
    await records.replace(place, other, (await records.read(place))?.version ?? '');
    await time.run(first);
    expect((await records.read(place))?.record).toMatchObject(other);
    expect(valuesOf(await run())).toEqual(Array(PROCESSES).fill('SignInRefused'));
    expect(world.calls).toBe(1);
  });
});

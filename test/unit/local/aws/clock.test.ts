import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createClock } from '#local/aws/clock.ts';

describe('the clock', () => {
  it('follows the clock of the machine until it is moved', () => {
    const before = Date.now();
    const now = createClock().now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('moves forward by the given time', () => {
    const clock = createClock();
    clock.advance(3_600_000);
    clock.advance(1);
    expect(clock.now() - Date.now()).toBeGreaterThan(3_599_000);
  });

  it.each([-1, 0.5, Number.NaN])('refuses to move by %s', (milliseconds) => {
    expect(() => createClock().advance(milliseconds)).toThrow(RangeError);
  });
});

describe('sleeping by the clock', () => {
  const START = Date.parse('2026-03-01T00:00:00Z');
  const WEEK_MS = 7 * 86_400_000;
  const never = new AbortController().signal;
  /** A clock that only moves on command, and the sleepers that it woke. */
  const sleeping = (...sleeps: readonly number[]) => {
    const clock = createClock(() => START);
    const woken: number[] = [];
    for (const sleep of sleeps) void clock.sleepUntil(START + sleep, never).then(() => woken.push(sleep));
    return { clock, woken };
  };

  it('ends once the clock was moved far enough, and not before, even after weeks', async () => {
    const { clock, woken } = sleeping(WEEK_MS, 8 * WEEK_MS);
    clock.advance(WEEK_MS - 1);
    await setImmediate();
    expect(woken).toEqual([]);
    clock.advance(1);
    await setImmediate();
    expect(woken).toEqual([WEEK_MS]);
    clock.advance(7 * WEEK_MS);
    await setImmediate();
    expect(woken).toEqual([WEEK_MS, 8 * WEEK_MS]);
  });

  it('ends immediately if the time has passed', async () => {
    const { woken } = sleeping(0, -WEEK_MS);
    await setImmediate();
    expect(woken).toEqual([0, -WEEK_MS]);
  });

  it('ends when the clock of the machine reaches the time', async () => {
    const clock = createClock();
    const until = clock.now() + 20;
    await clock.sleepUntil(until, never);
    expect(clock.now()).toBeGreaterThanOrEqual(until);
  });

  it('ends when it is aborted', async () => {
    const abort = new AbortController();
    const sleep = createClock().sleepUntil(Date.now() + WEEK_MS, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(createClock().sleepUntil(0, abort.signal)).rejects.toThrow('enough');
  });
});

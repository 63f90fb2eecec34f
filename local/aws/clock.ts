import { setTimeout } from 'node:timers/promises';
import { MAX_TIMER_MS } from './timers.ts';

/**
 * The time of this machine plus an offset that all threads share, so that two scheduled runs an hour apart take
 * seconds. Only dates are shifted. Timers, timeouts and measured durations stay real.
 */
export interface Clock {
  /** Milliseconds since 1970, the offset included. */
  now(): number;
  /** Moves the date of every thread forward, and wakes the sleepers whose time has come. */
  advance(milliseconds: number): void;
  /**
   * Resolves at that time, whether real time passed or the clock was advanced. Does not keep the process alive.
   * @throws the signal's reason once it is aborted.
   */
  sleepUntil(time: number, signal: AbortSignal): Promise<void>;
  /** The offset that a worker needs for {@link followClock}. */
  readonly offset: SharedArrayBuffer;
}

export const createClock = (realNow: () => number = Date.now): Clock => {
  const offset = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const shared = new BigInt64Array(offset);
  const now = shiftedNow(shared, realNow);
  let moved = new AbortController();
  return {
    offset,
    now,
    advance(milliseconds) {
      if (!Number.isInteger(milliseconds) || milliseconds < 0) throw new RangeError('The clock only moves forward.');
      Atomics.add(shared, 0, BigInt(milliseconds));
      moved.abort();
      moved = new AbortController();
    },
    async sleepUntil(time, signal) {
      signal.throwIfAborted();
      for (let left = time - now(); left > 0; left = time - now()) {
        const woken = AbortSignal.any([signal, moved.signal]);
        await setTimeout(Math.min(left, MAX_TIMER_MS), undefined, { signal: woken, ref: false }).catch(() => {});
        signal.throwIfAborted();
      }
    },
  };
};

const shiftedNow = (shared: BigInt64Array, realNow: () => number) => () => realNow() + Number(Atomics.load(shared, 0));

/**
 * Makes `new Date()` and `Date.now()` of this thread follow the clock. A worker must call it before it loads anything
 * else.
 */
export const followClock = (offset: SharedArrayBuffer): void => {
  const RealDate = Date;
  const now = shiftedNow(new BigInt64Array(offset), RealDate.now);
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
};

import { setTimeout } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from './timers.ts';

/**
 * Time on this machine plus an offset that every thread shares, so that two scheduled runs an hour apart take seconds.
 * Only what asks for the date is shifted: timers, timeouts and measured durations stay real.
 */
export interface Clock {
  /** Milliseconds since 1970, the offset included. */
  now(): number;
  /** Moves every thread's date forward, and wakes who has slept until then. */
  advance(milliseconds: number): void;
  /**
   * Resolves when it is that time, because the machine got there or because the clock was moved. Keeps no process alive.
   * @throws the signal's reason once it is aborted.
   */
  sleepUntil(time: number, signal: AbortSignal): Promise<void>;
  /** What a worker needs to follow: see {@link followClock}. */
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
        await setTimeout(Math.min(left, LONGEST_TIMER_MS), undefined, { signal: woken, ref: false }).catch(() => {});
        signal.throwIfAborted();
      }
    },
  };
};

const shiftedNow = (shared: BigInt64Array, realNow: () => number) => () => realNow() + Number(Atomics.load(shared, 0));

/** Makes `new Date()` and `Date.now()` of this thread follow the clock. Called in a worker before anything else loads. */
export const followClock = (offset: SharedArrayBuffer): void => {
  const RealDate = Date;
  const now = shiftedNow(new BigInt64Array(offset), RealDate.now);
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
};

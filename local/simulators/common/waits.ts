import { setTimeout } from 'node:timers/promises';

/** Waits of a site: its latency, its delays, and those of systems that it asks. */
export type Wait = (ms: number) => Promise<void>;

/** Sleeps until the time has passed. Rejects with the reason of the signal once it is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

export const sleepInRealTime: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal });

export interface Waits {
  readonly wait: Wait;
  readonly stopped: boolean;
  /** Aborts all waits. */
  stop(): void;
}

export const createWaits = (sleep: Sleep): Waits => {
  const stopping = new AbortController();
  return {
    wait: async (ms) => {
      if (ms > 0) await sleep(ms, stopping.signal);
    },
    get stopped() {
      return stopping.signal.aborted;
    },
    stop: () => stopping.abort(),
  };
};

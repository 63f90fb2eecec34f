import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { StateFailure } from './faults.ts';
import { waitSeconds } from './language.ts';

/** The Wait states of one execution. */
export interface Waiting {
  /** Handler of a Wait state. Resolves when the wait is over. */
  handle(input: unknown): Promise<null>;
  /** Resolves when the execution waits, with the time at which it continues. */
  begun(): Promise<number>;
}

export interface WaitingOptions {
  readonly clock: Pick<Clock, 'now' | 'sleepUntil'>;
  /** Replaces the wait. Default: sleeps by the clock. */
  wait?(seconds: number, signal: AbortSignal): Promise<void>;
}

const inputSchema = z.object({ seconds: waitSeconds });

/** @param signal Aborts the wait. */
export const createWaiting = ({ clock, wait }: WaitingOptions, signal: AbortSignal): Waiting => {
  let next = Promise.withResolvers<{ readonly until: number; readonly over: Promise<unknown> }>();
  return {
    async handle(input) {
      const parsed = inputSchema.safeParse(input);
      if (!parsed.success) throw new StateFailure('States.Runtime', z.prettifyError(parsed.error), { final: true });
      const { seconds } = parsed.data;
      const until = clock.now() + seconds * 1000;
      const over = wait === undefined ? clock.sleepUntil(until, signal) : wait(seconds, signal);
      next.resolve({ until, over: Promise.allSettled([over]) });
      try {
        await over;
      } finally {
        next = Promise.withResolvers();
      }
      return null;
    },
    async begun() {
      for (;;) {
        const { until, over } = await next.promise;
        if (until > clock.now()) return until;
        // The wait is over but has not resolved yet.
        await over;
      }
    },
  };
};

import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { StateFailure } from './faults.ts';
import { waitSeconds } from './language.ts';

/** What the Wait states of one execution do. */
export interface Waiting {
  /** Takes what a Wait state hands to its handler, and resolves when it is over. */
  handle(input: unknown): Promise<null>;
  /** Resolves when the execution waits, with the time at which it goes on. */
  begun(): Promise<number>;
}

export interface WaitingOptions {
  readonly clock: Pick<Clock, 'now' | 'sleepUntil'>;
  /** How waiting is done; by the clock when left out. */
  wait?(seconds: number, signal: AbortSignal): Promise<void>;
}

const inputSchema = z.object({ seconds: waitSeconds });

/** @param signal Ends whatever is waited for. */
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
        // Its time has come, and it has only not noticed yet.
        await over;
      }
    },
  };
};

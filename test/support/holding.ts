import type { Clock } from '#local/aws/clock.ts';
import type { RunOptions } from '#test/support/crashable-relay.ts';

/** Holds executions at their first wait until they are released. */
export const createHolding = (clock: Clock) => {
  const held: { readonly go: () => void; readonly ended: Promise<unknown> }[] = [];
  return {
    /** Starts an execution. Resolves when it waits first, or when it has ended. */
    hold: (start: (options: Pick<RunOptions, 'wait'>) => Promise<unknown>): Promise<void> =>
      new Promise((resolve, reject) => {
        const { promise: isReleased, resolve: go } = Promise.withResolvers<void>();
        const wait = async (seconds: number): Promise<void> => {
          const until = clock.now() + seconds * 1000;
          resolve();
          await isReleased;
          clock.advance(Math.max(0, until - clock.now()));
        };
        const ended = start({ wait });
        held.push({ go, ended });
        ended.then(() => resolve(), reject);
      }),

    /** Releases everything held, advances the clock for its waits, and resolves when all of it has ended. */
    async releaseHeld(): Promise<void> {
      for (const { go, ended } of held.splice(0)) {
        go();
        await ended;
      }
    },
  };
};

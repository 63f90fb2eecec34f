import type { Clock } from '#local/aws/clock.ts';
import type { RunOptions } from '#test/support/mortal-relay.ts';

/** Keeps what waits where it waits, until it is let go. */
export const createHolding = (clock: Clock) => {
  const held: { readonly go: () => void; readonly ended: Promise<unknown> }[] = [];
  return {
    /** Starts something: resolves when it waits first, or is over. */
    hold: (start: (options: Pick<RunOptions, 'wait'>) => Promise<unknown>): Promise<void> =>
      new Promise((resolve, reject) => {
        const { promise: isLetGo, resolve: go } = Promise.withResolvers<void>();
        const wait = async (seconds: number): Promise<void> => {
          const until = clock.now() + seconds * 1000;
          resolve();
          await isLetGo;
          clock.advance(Math.max(0, until - clock.now()));
        };
        const ended = start({ wait });
        held.push({ go, ended });
        ended.then(() => resolve(), reject);
      }),

    /** Lets go of everything that is held, and the time pass that it waits for, until all of it is over. */
    async letGo(): Promise<void> {
      for (const { go, ended } of held.splice(0)) {
        go();
        await ended;
      }
    },
  };
};

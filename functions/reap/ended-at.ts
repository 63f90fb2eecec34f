import type { Executions } from '#shared/runtime/executions.ts';

/** When a run ended, in epoch milliseconds; undefined while it goes on. Raises when it can't be known. */
export type EndedAt = (run: string) => Promise<number | undefined>;

/** A run that nobody knows any more, or never knew, ended long ago. */
const LONG_AGO = 0;

/** Asks about a run in whichever of the machines it was started; it goes on as long as one of them has it going on. */
export const createEndedAt =
  (machines: readonly Pick<Executions, 'find'>[]): EndedAt =>
  async (run) => {
    let latest = LONG_AGO;
    for (const machine of machines) {
      const found = await machine.find(run);
      if (found === undefined) continue;
      if (found.endedAt === undefined) return undefined;
      latest = Math.max(latest, found.endedAt);
    }
    return latest;
  };

import { createHash } from 'node:crypto';
import type { Executions } from '#shared/aws/executions.ts';
import { type Notes, noteAt } from '#shared/records/notes.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Starts the release of an abandoned checkout; `isSettled` when none of its functions can be at work any more. */
export type StartRelease = (abandoned: Run & { readonly isSettled: boolean }) => Promise<void>;

/** As long as a release takes at most before it is worth starting another one. */
const PATIENCE_MS = 3_600_000;

/**
 * The name of a release says which hour it is, so that however often it is started, it is once an hour. It begins as no name
 * of a rule does, so that no message can take it.
 */
const releaseName = (run: string, isSettled: boolean, now: number): string => {
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 32);
  return `_reap-${hash}-${Math.floor(now / PATIENCE_MS)}${isSettled ? '-settled' : ''}`;
};

export const createStartRelease =
  (releases: Pick<Executions, 'start'>, notes: Pick<Notes, 'put'>, now: () => number): StartRelease =>
  async ({ rule, run, isSettled }) => {
    // Somebody may redrive the execution meanwhile: then it closes, too, and opens nothing any more.
    await notes.put(noteAt.released({ rule, run }));
    const order = { type: 'checkout.abandoned', checkout: rule, run, isSettled };
    await releases.start(releaseName(run, isSettled, now()), JSON.stringify(order));
  };

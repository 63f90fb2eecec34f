import { createHash } from 'node:crypto';
import type { Executions } from '#shared/aws/executions.ts';
import { type Signals, signalAt } from '#shared/records/signals.ts';
import type { Run } from '#shared/workflows/run.ts';

/**
 * Starts the release of a checkout. `isSettled`: none of its functions can still be running. `isRunning`: its execution
 * continues and reports its own end.
 */
export type StartRelease = (open: Run & { readonly isSettled: boolean; readonly isRunning?: boolean }) => Promise<void>;

/** Interval after which another release of the same checkout is started. */
const RELEASE_INTERVAL_MS = 3_600_000;

/**
 * Name of a release. It contains the current hour, so that a checkout gets at most one release per hour. No rule name
 * begins with an underscore, so no message can start an execution of this name.
 */
const releaseName = (run: string, isSettled: boolean, now: number): string => {
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 32);
  return `_reap-${hash}-${Math.floor(now / RELEASE_INTERVAL_MS)}${isSettled ? '-settled' : ''}`;
};

export const createStartRelease =
  (releases: Pick<Executions, 'start'>, signals: Pick<Signals, 'put'>, now: () => number): StartRelease =>
  async ({ rule, run, isSettled, isRunning = false }) => {
    // An execution that is redriven at the same time then also closes and opens nothing.
    await signals.put(signalAt.released({ rule, run }));
    const type = isRunning ? 'checkout.released' : 'checkout.abandoned';
    const order = { type, checkout: rule, run, isSettled };
    await releases.start(releaseName(run, isSettled, now()), JSON.stringify(order));
  };

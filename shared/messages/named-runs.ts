import { debounceAt, type NamedCause } from '#shared/domain/debounce.ts';
import type { Labels } from '#shared/domain/item.ts';
import { namedAt } from '#shared/records/named-items.ts';
import type { Records } from '#shared/records/records.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';

export interface NamedRunDependencies {
  readonly executionsOf: ExecutionsOf;
  readonly records: Pick<Records, 'write'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Starts a run of a sync for an item, or adds the item to one that waits. Returns the name of the run. Repeatable. */
export type StartNamedRun = (sync: string, item: Labels) => Promise<string>;

/**
 * Creates the start of runs for named items, which share a run for half a minute. After a rotation, the change of an
 * item soon after its check-in is ours, so the run delivers what would otherwise be parked as rotated by the vault.
 */
export const createStartNamedRun = (
  { executionsOf, records, now }: NamedRunDependencies,
  cause: NamedCause = 'changed',
): StartNamedRun => {
  const retries = cause === 'rotated' ? { retryParked: true } : {};
  const started = new Map<string, string>();
  return async function startNamedRun(sync, item) {
    const { run, endsAt, waitSeconds } = debounceAt(sync, now(), cause);
    await records.write(namedAt.item({ rule: sync, run }, item), item);
    // The run may have started before the item was written.
    if (now() >= endsAt) return startNamedRun(sync, item);
    if (started.get(sync) === run) return run;
    await executionsOf('sync').start(run, JSON.stringify({ sync, items: 'named', waitSeconds, ...retries }));
    started.set(sync, run);
    return run;
  };
};

import { type Checkable, checkableEntries, findSource, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { MAX_STALE_HOURS } from '#shared/config/schema/sync.ts';
import type { ConnectionConfig, SyncConfig } from '#shared/config/schema.ts';
import { minStaleHours } from '#shared/config/staleness.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';

/** Checks of the pace and the schedule of syncs. Pure. */

/** The batches of a run share the limits of its connection, so each gets only a part of the calls. */
const checkPace = (
  path: readonly string[],
  { batchSize, concurrency }: SyncConfig,
  { inFlight, perSecond }: ConnectionConfig['limits'],
  lease: SourceRules['leaseMinutes'],
): Problem[] => {
  const maxConcurrentCalls = Math.min(inFlight, perSecond);
  if (concurrency > maxConcurrentCalls) {
    const message = `exceeds the connection's limits; use at most ${maxConcurrentCalls}, or raise inFlight and perSecond`;
    return [{ path: [...path, 'concurrency'], message }];
  }
  // A lease must last from the first request of its batch to the last read: two calls for each item.
  const neededMinutes = Math.ceil((2 * batchSize * concurrency) / perSecond / 60);
  if (lease === undefined || neededMinutes <= lease.minutes) return [];
  const message = `leases would end before their batch is read at the connection's perSecond; use at least ${neededMinutes}, or a smaller batchSize`;
  return [{ path: [...path, lease.setting], message }];
};

const NO_ALARM = `an alarm sees at most the last ${MAX_STALE_HOURS} hours, and two runs of this schedule can be further apart, so there is no alarm; for one, run more often, such as rate(6 days)`;

/** An omitted value is always sufficient. */
const checkStaleness = (path: readonly string[], { schedule, staleAfterHours }: SyncConfig): Problem[] => {
  if (staleAfterHours === undefined) return [];
  const enough = minStaleHours(schedule);
  if (enough !== undefined && staleAfterHours >= enough) return [];
  const message =
    enough === undefined
      ? `must be removed: ${NO_ALARM}`
      : `would raise its alarm between two runs of ${schedule.expression}; write staleAfterHours: ${enough}, or run more often`;
  return [{ path: [...path, 'staleAfterHours'], message }];
};

/** Warns about rules without the alarm `run-stale` or `old-checkouts-stale`. Pure. */
export const findMissingAlarms = ({ syncs, oldCheckouts }: Checkable): Problem[] => [
  ...checkableEntries(syncs).flatMap(([name, { staleAfterHours }]) =>
    staleAfterHours === undefined
      ? [{ path: ['syncs', name, 'schedule'], message: `has no alarm run-stale: ${NO_ALARM}` }]
      : [],
  ),
  ...checkableEntries(oldCheckouts).flatMap(([name, { schedule }]) =>
    minStaleHours(schedule) === undefined
      ? [{ path: ['oldCheckouts', name, 'schedule'], message: `has no alarm old-checkouts-stale: ${NO_ALARM}` }]
      : [],
  ),
];

/** Checks the pace and the schedule of every sync. */
export const checkTiming = ({ connections, syncs }: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(syncs).flatMap(([name, sync]) => {
    const path = ['syncs', name];
    const limits = ownOf(connections, sync.connection)?.limits;
    const lease = findSource(types, sync.source)?.rules(sync).leaseMinutes;
    return [...(limits === undefined ? [] : checkPace(path, sync, limits, lease)), ...checkStaleness(path, sync)];
  });

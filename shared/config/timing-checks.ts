import { type Checkable, checkableEntries, findSource, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig, SyncConfig } from '#shared/config/schema.ts';
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

const MINUTES = { minute: 1, hour: 60, day: 1440 } as const;

/** Minutes between two starts of a rate(); undefined for cron(), whose intervals can vary. */
const rateMinutes = (expression: string): number | undefined => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit !== 'minute' && unit !== 'hour' && unit !== 'day') return undefined;
  return Number(count) * MINUTES[unit];
};

const checkStaleness = (path: readonly string[], { schedule, staleAfterHours }: SyncConfig): Problem[] => {
  const minutes = rateMinutes(schedule.expression);
  if (minutes === undefined || minutes + schedule.flexibleMinutes < staleAfterHours * 60) return [];
  const enough = Math.floor((minutes + schedule.flexibleMinutes) / 60) + 1;
  const message = `would raise its alarm between two runs of ${schedule.expression}; use at least ${enough}, or run more often`;
  return [{ path: [...path, 'staleAfterHours'], message }];
};

/** Checks the pace and the schedule of every sync. */
export const checkTiming = ({ connections, syncs }: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(syncs).flatMap(([name, sync]) => {
    const path = ['syncs', name];
    const limits = ownOf(connections, sync.connection)?.limits;
    const lease = findSource(types, sync.source)?.rules(sync).leaseMinutes;
    return [...(limits === undefined ? [] : checkPace(path, sync, limits, lease)), ...checkStaleness(path, sync)];
  });

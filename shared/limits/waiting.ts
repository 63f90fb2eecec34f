import { limitAt, PRIORITIES, type Priority } from '#shared/limits/limit-records.ts';
import { ABSENT, type SharedRecords } from '#shared/records/shared-record.ts';

/** Functions that wait for a share of a connection's limits, by priority. */
export interface Waiting {
  /** True if a function of one of these priorities said recently that it waits. */
  isWaitedFor(priorities: readonly Priority[]): Promise<boolean>;
  /** Says that a function waits. Writes nothing if another one of the priority said so just before. */
  say(priority: Priority): Promise<void>;
}

/** Mean interval at which a waiting function tries again, and says that it waits. */
export const WAITS_MS: Readonly<Record<Priority, number>> = { person: 200, 'open-leases': 300, fleet: 1000 };

const MIN_FRESH_MS = 1000;

/** Priorities that go before another one. */
export const moreUrgentThan = (priority: Priority): readonly Priority[] =>
  PRIORITIES.slice(0, PRIORITIES.indexOf(priority));

/** Creates the view of one process. Raises the errors of the records. */
export const createWaiting = (connection: string, records: SharedRecords, now: () => number): Waiting => {
  const ageMs = async (priority: Priority) => {
    const said = await records.read(limitAt.waiting(connection, priority));
    return { said, ageMs: said === undefined ? Number.POSITIVE_INFINITY : Math.abs(now() - said.record.atMs) };
  };
  return {
    async isWaitedFor(priorities) {
      const ages = await Promise.all(
        priorities.map(async (one) => (await ageMs(one)).ageMs < Math.max(MIN_FRESH_MS, 3 * WAITS_MS[one])),
      );
      return ages.includes(true);
    },
    async say(priority) {
      const current = await ageMs(priority);
      if (current.ageMs < WAITS_MS[priority]) return;
      // Another function said so at the same time if this fails.
      await records.replace(limitAt.waiting(connection, priority), { atMs: now() }, current.said?.version ?? ABSENT);
    },
  };
};

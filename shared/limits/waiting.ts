import { limitAt, PRIORITIES, type Priority } from '#shared/limits/limit-records.ts';
import { ABSENT, type SharedRecords } from '#shared/records/shared-record.ts';

/** Functions that wait for a share of a connection's limits, by priority. */
export interface Waiting {
  /** The first of these priorities of which a function said recently that it waits. */
  mostUrgent(priorities: readonly Priority[]): Promise<Priority | undefined>;
  /** Says that a function waits. Writes nothing if another one of the priority said so just before. */
  say(priority: Priority): Promise<void>;
  /** Says that a function no longer waits. Others of its priority that wait say so again soon. */
  unsay(priority: Priority): Promise<void>;
}

/** Mean interval at which a waiting function tries again, and says that it waits. */
export const WAITS_MS: Readonly<Record<Priority, number>> = { person: 200, 'open-leases': 300, fleet: 1000 };

/** A function that waits says so again within this time, even if S3 answers slowly. */
const MIN_FRESH_MS = 2000;

/** Priorities that go before another one. */
export const moreUrgentThan = (priority: Priority): readonly Priority[] =>
  PRIORITIES.slice(0, PRIORITIES.indexOf(priority));

/** Creates the view of one process. Raises the errors of the records. */
export const createWaiting = (connection: string, records: SharedRecords, now: () => number): Waiting => {
  const lastSaid = async (priority: Priority) => {
    const said = await records.read(limitAt.waiting(connection, priority));
    return { said, ageMs: said === undefined ? Number.POSITIVE_INFINITY : Math.abs(now() - said.record.atMs) };
  };
  const isWaiting = async (priority: Priority): Promise<boolean> =>
    (await lastSaid(priority)).ageMs < Math.max(MIN_FRESH_MS, 3 * WAITS_MS[priority]);
  return {
    async mostUrgent(priorities) {
      const areWaiting = await Promise.all(priorities.map(isWaiting));
      return priorities.find((_, index) => areWaiting[index]);
    },
    async say(priority) {
      const { said, ageMs } = await lastSaid(priority);
      if (ageMs < WAITS_MS[priority]) return;
      // Another function said so at the same time if this fails.
      await records.replace(limitAt.waiting(connection, priority), { atMs: now() }, said?.version ?? ABSENT);
    },
    async unsay(priority) {
      const { said } = await lastSaid(priority);
      if (said !== undefined) await records.replace(limitAt.waiting(connection, priority), { atMs: 0 }, said.version);
    },
  };
};

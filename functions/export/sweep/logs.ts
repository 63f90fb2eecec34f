import type { EventPage } from '#shared/connections/event-log.ts';
import { type Counts, NO_COUNTS, sumCounts } from '#shared/domain/export/counts.ts';
import { type LogPlace, rowOf, unreadableRowOf } from '#shared/domain/export/rows.ts';
import type { Uncounted } from '#shared/records/export-records.ts';
import { type FileLog, type FileLogOptions, openFileLog } from './file-log.ts';

export interface LogsOptions extends FileLogOptions {
  /** Records which logs get files that are not counted yet, so that a death leaves no row uncounted. */
  readonly announce: (logs: readonly Uncounted[]) => Promise<void>;
}

/** The logs of the hours that are being read, and of the rows that cannot be read. */
export interface Logs {
  /** Takes a page, and writes the rows of hours that it left. Raises what {@link FileLog.settle} does. */
  add(page: EventPage): Promise<void>;
  /** Writes all rows. */
  settle(): Promise<void>;
  /** Characters that are not written yet. */
  readonly pending: number;
  /** Counts of the rows that were written since the last call. */
  takeCounts(): Counts;
}

export const createLogs = ({ announce, ...options }: LogsOptions): Logs => {
  /** Of the hours, only those of the latest page. */
  const logs = new Map<LogPlace, FileLog>();
  let counts = NO_COUNTS;
  let pending = 0;

  const settle = async (): Promise<void> => {
    const begun: Uncounted[] = [];
    for (const log of logs.values()) {
      const prepared = await log.prepare();
      if (prepared !== undefined) begun.push(prepared);
    }
    await announce(begun);
    for (const log of logs.values()) counts = sumCounts(counts, await log.settle());
    pending = 0;
  };

  /** Also writes what the page has for its hours if others are left, so that `pending` stays true. */
  const leaveAllBut = async (current: ReadonlySet<LogPlace>): Promise<void> => {
    const left = [...logs.keys()].filter((place) => place !== 'unreadable' && !current.has(place));
    if (left.length === 0) return;
    await settle();
    for (const place of left) logs.delete(place);
  };

  return {
    settle,
    get pending() {
      return pending;
    },
    takeCounts() {
      const taken = counts;
      counts = NO_COUNTS;
      return taken;
    },
    async add({ events, unreadable }) {
      const rows = [
        ...events.map(rowOf),
        ...unreadable.map((content) => ({ place: 'unreadable' as const, ...unreadableRowOf(content) })),
      ];
      for (const row of rows) {
        const log = logs.get(row.place) ?? (await openFileLog(row.place, options));
        logs.set(row.place, log);
        if (log.add(row)) pending += row.line.length;
      }
      // A page without events leaves nothing.
      if (events.length > 0) await leaveAllBut(new Set(rows.map(({ place }) => place)));
    },
  };
};

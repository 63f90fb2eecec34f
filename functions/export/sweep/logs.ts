import type { EventPage } from '#shared/connections/event-log.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';
import { type LogPlace, rowOf, unreadableRowOf } from '#shared/domain/export/rows.ts';
import { type FileLog, type FileLogOptions, openFileLog } from './file-log.ts';

/** The logs of the hours that are being read, and of the rows that cannot be read. */
export interface Logs {
  /** Takes a page, and writes the rows of hours that it left. Raises what {@link FileLog.settle} does. */
  add(page: EventPage): Promise<void>;
  /** Writes all rows. */
  settle(): Promise<void>;
  /** Characters that are not written yet. */
  readonly pending: number;
  /** Counts of all rows that were written. */
  readonly written: { readonly exported: number; readonly late: number; readonly unreadable: number };
}

/** `position`: rows before it are late. */
export const createLogs = (options: FileLogOptions, position: string): Logs => {
  /** Only the hours of the latest page are in memory. */
  const hours = new Map<string, FileLog>();
  let unreadable: FileLog | undefined;
  const before = sortableDate(position);
  const written = { exported: 0, late: 0, unreadable: 0 };
  let pending = 0;

  const settle = async (): Promise<void> => {
    for (const log of hours.values()) {
      const { rows, late } = await log.settle();
      written.exported += rows;
      written.late += late;
    }
    written.unreadable += (await unreadable?.settle())?.rows ?? 0;
    pending = 0;
  };

  /** Also writes what the page has for its hours if others are left, so that `pending` stays true. */
  const leaveAllBut = async (current: ReadonlySet<string>): Promise<void> => {
    if ([...hours.keys()].every((key) => current.has(key))) return;
    await settle();
    for (const key of hours.keys()) if (!current.has(key)) hours.delete(key);
  };

  const open = (place: LogPlace): Promise<FileLog> => openFileLog(place, options);

  return {
    written,
    get pending() {
      return pending;
    },
    async add(page) {
      const current = new Set<string>();
      for (const event of page.events) {
        const row = rowOf(event);
        const key = `${row.day}T${row.hour}`;
        const log = hours.get(key) ?? (await open({ day: row.day, hour: row.hour }));
        hours.set(key, log);
        current.add(key);
        if (log.add(row, sortableDate(row.date) < before)) pending += row.line.length;
      }
      for (const content of page.unreadable) {
        const row = unreadableRowOf(content);
        unreadable ??= await open('unreadable');
        if (unreadable.add(row, false)) pending += row.line.length;
      }
      // A page without events leaves nothing.
      if (page.events.length > 0) await leaveAllBut(current);
    },
    settle,
  };
};

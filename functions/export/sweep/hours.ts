import type { LoggedEvent } from '#shared/connections/event-log.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';
import { rowOf } from '#shared/domain/export/rows.ts';
import { type HourLog, type HourLogOptions, openHourLog } from './hour-log.ts';

/** The hours that are being read. Only those of the latest page are in memory. */
export interface Hours {
  /** Takes a page, and writes the rows of hours that it left. Raises `AnswerMalformed`, like {@link HourLog.settle}. */
  add(events: readonly LoggedEvent[]): Promise<void>;
  /** Writes all rows. */
  settle(): Promise<void>;
  /** Characters that are not written yet. */
  readonly pending: number;
  /** Counts of all rows that were written. */
  readonly written: { readonly exported: number; readonly late: number };
}

/** `position`: rows before it are late. */
export const createHours = (options: HourLogOptions, position: string): Hours => {
  const open = new Map<string, HourLog>();
  const before = sortableDate(position);
  const written = { exported: 0, late: 0 };
  let pending = 0;

  const settle = async (log: HourLog): Promise<void> => {
    const { exported, late } = await log.settle();
    written.exported += exported;
    written.late += late;
  };

  const settleAll = async (): Promise<void> => {
    for (const log of open.values()) await settle(log);
    pending = 0;
  };

  /** Also writes what the page has for its hours if others are left, so that `pending` stays true. */
  const leaveAllBut = async (current: ReadonlySet<string>): Promise<void> => {
    if ([...open.keys()].every((key) => current.has(key))) return;
    await settleAll();
    for (const key of open.keys()) if (!current.has(key)) open.delete(key);
  };

  return {
    written,
    get pending() {
      return pending;
    },
    async add(events) {
      const current = new Set<string>();
      for (const event of events) {
        const row = rowOf(event);
        const key = `${row.day}T${row.hour}`;
        const log = open.get(key) ?? (await openHourLog({ day: row.day, hour: row.hour }, options));
        open.set(key, log);
        current.add(key);
        if (log.add(row, sortableDate(row.date) < before)) pending += row.line.length;
      }
      // An empty page leaves nothing.
      if (events.length > 0) await leaveAllBut(current);
    },
    settle: settleAll,
  };
};

import * as z from 'zod';
import { earlierDate, laterDate, shiftDate, sortableDate } from '#shared/domain/export/dates.ts';

/**
 * The cursor of an export: the dates that were read, and those to read next. Pure. Events have no ids and arrive late,
 * so digests say which events were written.
 */

const DAY_MS = 86_400_000;

/** A window that is being read, from its end to its beginning. */
const readingSchema = z.object({
  /** `forward`: after the cursor. `again`: before it, for events that arrived late. */
  kind: z.enum(['forward', 'again']),
  from: z.string(),
  to: z.string(),
  /** Events of the window after this date were read and written. */
  rest: z.string(),
});
export type Reading = z.infer<typeof readingSchema>;

/** All dates are UTC ISO 8601. */
export const cursorSchema = z.object({
  /** Beginning of the first window. Nothing before it is read. */
  since: z.string(),
  /** All windows up to this date were read and written. */
  position: z.string(),
  /** Absent between two windows. */
  reading: readingSchema.optional(),
  /** Re-sweep under way: what of it is left, and when it began. Absent between two. */
  resweep: z.object({ from: z.string(), to: z.string(), startedAt: z.string() }).optional(),
  /** Start of the last complete re-sweep. */
  resweptAt: z.string(),
});
export type Cursor = z.infer<typeof cursorSchema>;

/** Settings of a rule under `exports`, in milliseconds. */
export interface ExportPace {
  readonly startFromMs: number;
  readonly lagMs: number;
  readonly overlapMs: number;
  /** Length of a re-sweep, and its time of day in UTC. */
  readonly resweepMs: number;
  readonly resweepTimeMs: number;
}

/** Cursor of the first run. `now` in epoch milliseconds. */
export const firstCursor = (now: number, { startFromMs }: Pick<ExportPace, 'startFromMs'>): Cursor => {
  const since = new Date(now - startFromMs).toISOString();
  return { since, position: since, resweptAt: new Date(now).toISOString() };
};

/** Latest date that a run reads. Events of the last moment can still be missing. */
export const readableUntil = (now: number, { lagMs }: Pick<ExportPace, 'lagMs'>): string =>
  new Date(now - lagMs).toISOString();

/** Latest time of day at or before `now`, in epoch milliseconds. */
const lastTimeOfDay = (now: number, timeMs: number): number => Math.floor((now - timeMs) / DAY_MS) * DAY_MS + timeMs;

/**
 * Begins the re-sweep if it is due. It reaches back from the start of the last one, not from now, so that a pause of
 * the rule leaves no event out that is at most `resweepMs` late.
 */
const withResweep = (cursor: Cursor, now: number, { resweepMs, resweepTimeMs }: ExportPace): Cursor => {
  if (cursor.resweep !== undefined) return cursor;
  if (lastTimeOfDay(now, resweepTimeMs) <= Date.parse(cursor.resweptAt)) return cursor;
  const from = laterDate(cursor.since, shiftDate(cursor.resweptAt, -resweepMs));
  const startedAt = new Date(now).toISOString();
  return { ...cursor, resweep: { from, to: cursor.position, startedAt } };
};

export interface Limits {
  /** End of the run, see {@link readableUntil}. */
  readonly until: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly pace: ExportPace;
  /** Longest window of one call. */
  readonly maxWindowMs: number;
}

/**
 * The cursor with the window to read next: one that was begun, or the next one after the position, or, once that has
 * reached `until`, the next one of the re-sweep. Without a window, everything is up to date. No window is longer than a
 * day, so that the position moves during a long run.
 */
export const withReading = (cursor: Cursor, { until, now, pace, maxWindowMs }: Limits): Cursor => {
  if (cursor.reading !== undefined) return cursor;
  const overlapMs = Math.min(pace.overlapMs, Math.floor(maxWindowMs / 2));
  const stepMs = Math.min(DAY_MS, maxWindowMs - overlapMs);
  if (sortableDate(cursor.position) < sortableDate(until)) {
    const from = laterDate(cursor.since, shiftDate(cursor.position, -overlapMs));
    const to = earlierDate(until, shiftDate(cursor.position, stepMs));
    return { ...cursor, reading: { kind: 'forward', from, to, rest: to } };
  }
  const swept = withResweep(cursor, now, pace);
  if (swept.resweep === undefined) return swept;
  const { from } = swept.resweep;
  const to = earlierDate(swept.resweep.to, shiftDate(from, Math.min(DAY_MS, maxWindowMs)));
  return { ...swept, reading: { kind: 'again', from, to, rest: to } };
};

/** The cursor after everything in its window that is later than `rest` was read and written. */
export const narrowed = (cursor: Cursor, rest: string): Cursor =>
  cursor.reading === undefined
    ? cursor
    : { ...cursor, reading: { ...cursor.reading, rest: earlierDate(rest, cursor.reading.rest) } };

/** The cursor after its window was read and written to the end. */
export const completed = ({ reading, resweep, ...cursor }: Cursor): Cursor => {
  if (reading === undefined) return { ...cursor, ...(resweep !== undefined && { resweep }) };
  if (reading.kind === 'forward') {
    return { ...cursor, position: laterDate(cursor.position, reading.to), ...(resweep !== undefined && { resweep }) };
  }
  if (resweep === undefined) return cursor;
  return sortableDate(reading.to) < sortableDate(resweep.to)
    ? { ...cursor, resweep: { ...resweep, from: reading.to } }
    : { ...cursor, resweptAt: resweep.startedAt };
};

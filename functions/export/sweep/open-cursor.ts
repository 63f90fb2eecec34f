import { type Counts, NO_COUNTS, sumCounts } from '#shared/domain/export/counts.ts';
import type { Cursor } from '#shared/domain/export/cursor.ts';
import { RelayError } from '#shared/errors.ts';
import { type CursorRecord, exportsAt, type Uncounted } from '#shared/records/export-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

export interface OpenCursorOptions {
  readonly records: SharedRecords;
  readonly rule: string;
  readonly run: string;
  /** Unique for each invocation. */
  readonly id: string;
  /** Cursor if there is none yet. */
  readonly first: Cursor;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * The cursor of a rule, which one run at a time moves. Its changes raise `StoreUnavailable` if another invocation has
 * changed it since, and what `changeRecord` raises.
 */
export interface OpenCursor {
  readonly current: Cursor;
  /** Logs that an invocation has written to, and died before it counted. */
  readonly uncounted: readonly Uncounted[];
  /** Records logs before files are added to them. */
  announce(logs: readonly Uncounted[]): Promise<void>;
  /** Moves the cursor, and counts everything that was written since the last move. */
  move(next: Cursor, counts: Counts): Promise<void>;
}

/** Takes the cursor for a run. Undefined if another run has it. A run that died loses it after an invocation's time. */
export const openCursor = async (options: OpenCursorOptions): Promise<OpenCursor | undefined> => {
  const { records, rule, run, id, first, now } = options;
  const place = exportsAt.cursor(rule);
  const mark = (writes: number) => ({ writes, by: id, active: { run, until: now() + MAX_INVOCATION_MS } });

  const opened = await changeRecord<CursorRecord, CursorRecord | undefined>(records, place, (found) => {
    if (found?.active !== undefined && found.active.run !== run && found.active.until > now()) {
      return { result: undefined };
    }
    const next: CursorRecord = {
      ...mark((found?.writes ?? 0) + 1),
      cursor: found?.cursor ?? first,
      // What a run counted that died without a report belongs to this one.
      counts: found?.active === undefined ? NO_COUNTS : found.counts,
      uncounted: found?.uncounted ?? [],
    };
    return { next, result: next };
  });
  if (opened === undefined) return undefined;

  let record = opened;
  const write = async (change: Partial<Pick<CursorRecord, 'cursor' | 'counts' | 'uncounted'>>): Promise<void> => {
    const next = { ...record, ...change, ...mark(record.writes + 1) };
    const isOurs = await changeRecord<CursorRecord, boolean>(records, place, (found) => {
      if (found?.by !== id) return { result: false };
      // The answer to the write was lost.
      return found.writes === next.writes ? { result: true } : { next, result: true };
    });
    if (!isOurs) {
      throw new RelayError(
        'StoreUnavailable',
        `Another invocation has moved the cursor of the export ${rule}. The step is retried.`,
      );
    }
    record = next;
  };

  return {
    get current() {
      return record.cursor;
    },
    get uncounted() {
      return record.uncounted;
    },
    async announce(logs) {
      const known = new Set(record.uncounted.map(({ place }) => place));
      const begun = logs.filter(({ place }) => !known.has(place));
      if (begun.length > 0) await write({ uncounted: [...record.uncounted, ...begun] });
    },
    move: (cursor, counts) => write({ cursor, counts: sumCounts(record.counts, counts), uncounted: [] }),
  };
};

import type { Cursor } from '#shared/domain/export/cursor.ts';
import { RelayError } from '#shared/errors.ts';
import { type CursorRecord, exportsAt } from '#shared/records/export-records.ts';
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

/** The cursor of a rule, which one run at a time moves. */
export interface OpenCursor {
  readonly current: Cursor;
  /** Raises `StoreUnavailable` if another invocation has moved the cursor since, and as `changeRecord`. */
  move(next: Cursor): Promise<void>;
}

/** Takes the cursor for a run. Undefined if another run has it. A run that died loses it after an invocation's time. */
export const openCursor = async (options: OpenCursorOptions): Promise<OpenCursor | undefined> => {
  const { records, rule, run, id, first, now } = options;
  const place = exportsAt.cursor(rule);
  const write = (writes: number, cursor: Cursor): CursorRecord => ({
    ...{ writes, by: id, cursor },
    active: { run, until: now() + MAX_INVOCATION_MS },
  });
  let record = await changeRecord<CursorRecord, CursorRecord | undefined>(records, place, (found) => {
    if (found?.active !== undefined && found.active.run !== run && found.active.until > now()) {
      return { result: undefined };
    }
    const next = write((found?.writes ?? 0) + 1, found?.cursor ?? first);
    return { next, result: next };
  });
  if (record === undefined) return undefined;
  let current = record.cursor;
  return {
    get current() {
      return current;
    },
    async move(cursor) {
      const next = write((record?.writes ?? 0) + 1, cursor);
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
      current = cursor;
    },
  };
};

import { ruleOf } from '#shared/config/rules.ts';
import type { ExportConfig, RelayConfig } from '#shared/config/schema.ts';
import type { EventLog } from '#shared/connections/event-log.ts';
import {
  completed,
  type ExportPace,
  firstCursor,
  narrowed,
  readableUntil,
  withReading,
} from '#shared/domain/export/cursor.ts';
import type { EventFiles } from '#shared/records/event-files.ts';
import type { Records } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { ExportStepInput, Swept } from '#shared/workflows/export.ts';
import { createLogs } from './logs.ts';
import { type OpenCursor, openCursor } from './open-cursor.ts';
import { readWindow } from './read-window.ts';

export interface SweepDependencies {
  readonly config: RelayConfig;
  /** Signs in to a connection, and passes its event log to the work. */
  readonly withEvents: <T>(connection: string, work: (events: EventLog) => Promise<T>) => Promise<T>;
  readonly cursors: SharedRecords;
  readonly records: Pick<Records, 'read' | 'write'>;
  readonly files: EventFiles;
  /** Unique for each call. */
  readonly newId: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Time that is left for the page that is being read, and for writing. */
const RESERVED_MS = 120_000;

/**
 * Exports the events after the cursor, then those that arrived late, as far as one invocation gets. Rows are written
 * before the cursor moves, and an error never moves it. Repeatable: rows that were written are found by their digests.
 */
export const createSweep = (dependencies: SweepDependencies) => {
  const { config, withEvents, cursors, newId, now } = dependencies;
  return async (input: ExportStepInput, context: StepContext): Promise<Swept> => {
    const rule = ruleOf(config, 'export', input.rule);
    const pace = paceOf(rule);
    const before = input.swept ?? {
      until: readableUntil(now(), pace),
      exported: 0,
      late: 0,
      crowded: 0,
      unreadable: 0,
    };
    const first = firstCursor(now(), pace);
    const cursor = await openCursor({ records: cursors, rule: input.rule, run: input.run, id: newId(), first, now });
    if (cursor === undefined) return { ...before, next: 'end', status: 'skipped' };
    const { exported, late, crowded, unreadable } = before;
    const counts = { exported, late, crowded, unreadable };
    const isDone = await withEvents(rule.connection, (events) =>
      exportWindows({ input, events, cursor, pace, until: before.until, counts, context }, dependencies),
    );
    return { next: isDone ? 'end' : 'again', status: 'swept', until: before.until, ...counts };
  };
};

interface Work {
  readonly input: ExportStepInput;
  readonly events: EventLog;
  readonly cursor: OpenCursor;
  readonly pace: ExportPace;
  readonly until: string;
  /** Added to. */
  readonly counts: { exported: number; late: number; crowded: number; unreadable: number };
  readonly context: StepContext;
}

/** Exports window after window. Returns false if the time was used up first. */
const exportWindows = async (
  { input, events, cursor, pace, until, counts, context }: Work,
  { files, records, now }: SweepDependencies,
): Promise<boolean> => {
  const hasTime = (): boolean => context.remainingMs() > RESERVED_MS;
  while (hasTime()) {
    const reading = withReading(cursor.current, { until, now: now(), pace, maxWindowMs: events.maxWindowMs });
    if (reading.reading === undefined) return true;
    const logs = createLogs({ rule: input.rule, files, records }, reading.position);
    const isRead = await readWindow(reading.reading, {
      ...{ events, logs, hasTime },
      onProgress: (rest) => cursor.move(narrowed(reading, rest)),
      onCrowded: () => {
        counts.crowded++;
      },
    });
    if (isRead) await cursor.move(completed(reading));
    counts.exported += logs.written.exported;
    counts.late += logs.written.late;
    counts.unreadable += logs.written.unreadable;
    if (!isRead) return false;
  }
  return false;
};

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

const paceOf = ({ startFromDays, lagMinutes, overlapMinutes, resweep }: ExportConfig): ExportPace => ({
  startFromMs: startFromDays * DAY_MS,
  lagMs: lagMinutes * MINUTE_MS,
  overlapMs: overlapMinutes * MINUTE_MS,
  resweepMs: resweep.days * DAY_MS,
  resweepTimeMs: Date.parse(`1970-01-01T${resweep.at}:00Z`),
});

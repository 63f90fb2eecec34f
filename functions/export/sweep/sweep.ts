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
import { countMissed } from './file-log.ts';
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
    const until = input.swept?.until ?? readableUntil(now(), pace);
    const first = firstCursor(now(), pace);
    const cursor = await openCursor({ records: cursors, rule: input.rule, run: input.run, id: newId(), first, now });
    if (cursor === undefined) return { next: 'end', status: 'skipped', until };
    const isDone = await withEvents(rule.connection, (events) =>
      exportWindows({ input, events, cursor, pace, until, context }, dependencies),
    );
    return { next: isDone ? 'end' : 'again', status: 'swept', until };
  };
};

interface Work {
  readonly input: ExportStepInput;
  readonly events: EventLog;
  readonly cursor: OpenCursor;
  readonly pace: ExportPace;
  readonly until: string;
  readonly context: StepContext;
}

/** Exports window after window. Returns false if the time was used up first. */
const exportWindows = async (
  { input: { rule }, events, cursor, pace, until, context }: Work,
  { files, records, now }: SweepDependencies,
): Promise<boolean> => {
  const hasTime = (): boolean => context.remainingMs() > RESERVED_MS;
  if (cursor.uncounted.length > 0) {
    const { position } = cursor.current;
    await cursor.move(cursor.current, await countMissed(cursor.uncounted, { rule, files, position }));
  }
  while (hasTime()) {
    const started = withReading(cursor.current, { until, now: now(), pace, maxWindowMs: events.maxWindowMs });
    if (started.reading === undefined) return true;
    const { position } = started;
    const logs = createLogs({ rule, files, records, position, announce: cursor.announce });
    const isRead = await readWindow(started.reading, {
      ...{ events, logs, hasTime },
      onProgress: ({ rest, crowded }) =>
        cursor.move(rest === undefined ? completed(started) : narrowed(started, rest), {
          ...logs.takeCounts(),
          crowded,
        }),
    });
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

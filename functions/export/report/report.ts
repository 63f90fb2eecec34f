import { type Counts, NO_COUNTS } from '#shared/domain/export/counts.ts';
import { type CursorRecord, exportsAt } from '#shared/records/export-records.ts';
import type { Records } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { ExportReported, ExportStepInput } from '#shared/workflows/export.ts';

export interface Measured {
  /** Absent if the run has the cursor no more, or was measured before. */
  readonly counts?: Counts;
  /** Absent if there is no cursor yet. */
  readonly ageSeconds?: number;
}

export interface ReportDependencies {
  readonly cursors: SharedRecords;
  readonly records: Pick<Records, 'write'>;
  readonly measure: (rule: string, measured: Measured) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Writes the report, measures, and gives the cursor back. After an error too, so that the age of the cursor and what
 * was written are known. A skipped run only measures the age, because a run that takes long does not. Repeatable.
 */
export const createReport =
  ({ cursors, records, measure, now }: ReportDependencies) =>
  async ({ rule, run, swept, error }: ExportStepInput): Promise<ExportReported> => {
    const isSkipped = error === undefined && swept?.status === 'skipped';
    const status = isSkipped ? 'SKIPPED' : error === undefined ? 'SUCCEEDED' : 'FAILED';
    const record = (await cursors.read(exportsAt.cursor(rule)))?.record;
    const isActive = record?.active?.run === run;
    const isReported = record?.active === undefined && record?.by === run;
    const counts = record !== undefined && (isActive || isReported) ? record.counts : NO_COUNTS;
    const cursor = record?.cursor;
    const ageSeconds = cursor && Math.max(0, Math.round((now() - Date.parse(cursor.position)) / 1000));
    if (!isSkipped) {
      await records.write(exportsAt.report(rule), {
        ...{ rule, run, status, finishedAt: new Date(now()).toISOString(), ...counts },
        ...(cursor !== undefined && { position: cursor.position, resweptAt: cursor.resweptAt }),
      });
    }
    await measure(rule, { ...(isActive && { counts }), ...(ageSeconds !== undefined && { ageSeconds }) });
    if (isActive) await giveBack(cursors, rule, run);
    return { status, ...counts, ...(ageSeconds !== undefined && { ageSeconds }) };
  };

const giveBack = (cursors: SharedRecords, rule: string, run: string): Promise<void> =>
  changeRecord<CursorRecord, void>(cursors, exportsAt.cursor(rule), (found) => {
    if (found?.active?.run !== run) return { result: undefined };
    const { active: _, ...free } = found;
    return { next: { ...free, writes: free.writes + 1, by: run }, result: undefined };
  });

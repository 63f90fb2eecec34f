import { exportsAt } from '#shared/records/export-records.ts';
import type { Records } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { ExportReported, ExportStepInput } from '#shared/workflows/export.ts';

export interface Measured {
  /** Absent for a skipped run. */
  readonly counts?: {
    readonly exported: number;
    readonly late: number;
    readonly crowded: number;
    readonly unreadable: number;
  };
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
 * Gives the cursor back, writes the report, and measures. After an error too, so that the age of the cursor is known. A
 * skipped run only measures the age, because a run that takes long does not. Repeatable.
 */
export const createReport =
  ({ cursors, records, measure, now }: ReportDependencies) =>
  async ({ rule, run, swept, error }: ExportStepInput): Promise<ExportReported> => {
    const { exported = 0, late = 0, crowded = 0, unreadable = 0 } = swept ?? {};
    const isSkipped = error === undefined && swept?.status === 'skipped';
    const status = isSkipped ? 'SKIPPED' : error === undefined ? 'SUCCEEDED' : 'FAILED';
    const cursor = await changeRecord(cursors, exportsAt.cursor(rule), (found) => {
      if (found?.active?.run !== run) return { result: found?.cursor };
      const { active: _, ...free } = found;
      return { next: { ...free, writes: free.writes + 1, by: run }, result: free.cursor };
    });
    const ageSeconds = cursor && Math.max(0, Math.round((now() - Date.parse(cursor.position)) / 1000));
    if (!isSkipped) {
      await records.write(exportsAt.report(rule), {
        ...{ rule, run, status, finishedAt: new Date(now()).toISOString(), exported, late, crowded, unreadable },
        ...(cursor !== undefined && { position: cursor.position, resweptAt: cursor.resweptAt }),
      });
    }
    await measure(rule, {
      ...(!isSkipped && { counts: { exported, late, crowded, unreadable } }),
      ...(ageSeconds !== undefined && { ageSeconds }),
    });
    return { status, exported, late, crowded, unreadable, ...(ageSeconds !== undefined && { ageSeconds }) };
  };

/** Ends a run of an export: gives the cursor back and measures. Repeatable. */
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { exportSteps } from '#shared/workflows/export.ts';
import { createReport } from './report.ts';

const { config, env } = readDeployment(exportSteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  exportSteps.report,
  createReport({
    cursors: createS3SharedRecords(bucket),
    records: createS3Records(bucket),
    measure: (rule, { counts, ageSeconds }) =>
      emitMetrics(
        config.relay,
        { export: rule },
        {
          ...(counts && {
            EventsExported: counts.exported,
            EventsLate: counts.late,
            EventsUnreadable: counts.unreadable,
            DatesCrowded: counts.crowded,
          }),
          ...(ageSeconds !== undefined && { ExportAge: ageSeconds }),
        },
      ),
    now: Date.now,
  }),
);

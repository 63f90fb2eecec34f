/**
 * Last step of a rotation, even after a failure: writes the report and gives the rule back. Calls no vault. Repeatable,
 * but a repetition sends its notice again.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Pages, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { createReportRotation } from './report.ts';

const { config, env } = readDeployment(rotateSteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  rotateSteps.report,
  createReportRotation({
    records: createS3SharedRecords(bucket),
    pages: createS3Pages(bucket),
    measure: (rotation, { rotated, failed, unknown }) =>
      emitMetrics(
        config.relay,
        { rotation },
        { ItemsRotated: rotated, RotationsFailed: failed, RotationsUnknown: unknown },
      ),
    start: (name, order) => createExecutionsOf(env)('rotate').start(name, order),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);

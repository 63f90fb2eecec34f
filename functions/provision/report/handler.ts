/**
 * Last step of provisioning, even after a failure: records the result and gives the subject back. Calls no remote
 * system. Repeatable.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createReportProvision } from './report.ts';

const { config, env } = readDeployment(provisionSteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  provisionSteps.report,
  createReportProvision({
    records: createS3SharedRecords(bucket),
    signals: createS3Signals(bucket),
    measure: (provisioning, { succeeded, failed, made, undone }) =>
      emitMetrics(
        config.relay,
        { provisioning },
        { SubjectsSucceeded: succeeded, SubjectsFailed: failed, ResourcesMade: made, ResourcesUndone: undone },
      ),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);

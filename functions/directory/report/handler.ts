/**
 * Last step of a run over a directory, even after a failure: writes the report and gives the rule back. Calls no
 * directory. Repeatable.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { directorySteps } from '#shared/workflows/directory.ts';
import { createReportDirectory } from './report.ts';

const { config, env } = readDeployment(directorySteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  directorySteps.report,
  createReportDirectory({
    records: createS3SharedRecords(bucket),
    runs: createS3Records(bucket),
    measure: (directory, { invited, changed, revoked, restored, removed, failed, refused, heeded, compared }) =>
      emitMetrics(
        config.relay,
        { directory },
        {
          MembersInvited: invited,
          MembersChanged: changed,
          MembersRevoked: revoked,
          MembersRestored: restored,
          MembersRemoved: removed,
          DirectoryFailed: failed,
          RemovalsRefused: refused,
          ...(heeded && {
            MemberMessagesDone: heeded.done,
            MemberMessagesRefused: heeded.refused,
            ...(heeded.owed !== undefined && { MemberMessagesOwed: heeded.owed }),
          }),
          ...(compared && {
            MembersWaiting: compared.waiting,
            DirectoryDrift: compared.drift,
            DriftMissing: compared.fields.missing,
            DriftExtra: compared.fields.extra,
            DriftType: compared.fields.type,
            DriftStatus: compared.fields.status,
            DriftGroups: compared.fields.groups,
            DriftAccess: compared.fields.access,
            DriftName: compared.fields.name,
            DriftPolicy: compared.fields.policy,
          }),
        },
      ),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);

/**
 * Step of a rotation that starts the syncs of what has rotated. Calls no vault and no store. Repeatable.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { createStartNamedRun } from '#shared/messages/named-runs.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { createDeliverRotated } from './deliver.ts';

const { config, env, rulesOf } = createRelay(rotateSteps.deliver);
const executionsOf = createExecutionsOf(env);
const bucket = env.get('RECORDS_BUCKET');
const records = createS3Records(bucket);

export const handler = defineHandler(
  rotateSteps.deliver,
  createDeliverRotated({
    config,
    rulesOf,
    shared: createS3SharedRecords(bucket),
    records,
    startNamedRun: createStartNamedRun({ executionsOf, records, now: Date.now }, 'rotated'),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    onUnnotified: ({ name, message }) => logger.warn('a failed test was not notified', { failure: { name, message } }),
    // A run that was just started may not be visible yet.
    isRunning: async (run) => (await executionsOf('sync').find(run))?.endedAt === undefined,
    now: Date.now,
  }),
);

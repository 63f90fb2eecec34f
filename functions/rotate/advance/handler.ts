/**
 * Step of a rotation that changes credentials. Each invocation continues where the record of the run ends. Repeatable.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';
import { createFindOpenCheckouts } from '#shared/rotation/open-checkouts.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { createAdvance } from './advance.ts';

const relay = createRelay(rotateSteps.advance);
const bucket = relay.env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  rotateSteps.advance,
  createAdvance({
    ...relay,
    records: createS3SharedRecords(bucket),
    checkoutsOf: (connection, closed) =>
      createFindOpenCheckouts({
        records: createS3Records(bucket),
        signals: createS3Signals(bucket),
        isSameVault: (other) => isSameVault(relay.config, connection, other),
        closed,
        now: Date.now,
      }),
    measure: (rotation, { ended, bad, left }) =>
      emitMetrics(relay.config.relay, { rotation }, { ItemsEnded: ended, ItemsBad: bad, ItemsLeft: left }),
    notify: createNotify(relay.env.get('ALERT_TOPIC_ARN')),
    onUnnotified: ({ name, message }) => logger.warn('a failed test was not notified', { failure: { name, message } }),
    now: Date.now,
  }),
);

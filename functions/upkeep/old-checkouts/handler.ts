/**
 * Reports the old checkouts of a vault, and ends those that a rule allows. Started by a schedule. Reads no credential.
 * Repeatable.
 */
import { randomUUID } from 'node:crypto';
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Pages, createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { createOwnClaims } from '#shared/leases/own-claims.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { oldCheckoutsSteps } from '#shared/workflows/old-checkouts.ts';
import { createOldCheckouts } from './old-checkouts.ts';

const relay = createRelay(oldCheckoutsSteps.oldCheckouts);
const { config, env } = relay;
const bucket = env.get('RECORDS_BUCKET');
const records = createS3Records(bucket);
const shared = createS3SharedRecords(bucket);
const isRotating = createIsRotating({ config, records, now: Date.now });

export const handler = defineHandler(
  oldCheckoutsSteps.oldCheckouts,
  createOldCheckouts({
    ...relay,
    ownClaimsOf: (claimant) => createOwnClaims({ ...claimant, records: shared, newId: randomUUID, now: Date.now }),
    isRotating: (connection, item) => isRotating(connection, [item]),
    records: shared,
    reports: records,
    pages: createS3Pages(bucket),
    measure: (oldCheckouts, { old, forced, unknown, failed }) =>
      emitMetrics(
        config.relay,
        { oldCheckouts },
        { OldCheckouts: old, OldCheckoutsForced: forced, OldCheckoutsUnknown: unknown, OldCheckoutsFailed: failed },
      ),
    notify: (subject, lines) => createNotify(env.get('ALERT_TOPIC_ARN'))(subject, lines),
    onUnnotified: ({ name, message }) => logger.error('notice not sent', { failure: { name, message } }),
    newId: randomUUID,
    now: Date.now,
  }),
);

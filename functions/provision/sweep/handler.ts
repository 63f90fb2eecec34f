/**
 * Continues subjects that need an execution without a message. Calls no remote system. Repeatable.
 */
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createSweep } from './sweep.ts';

const { config, env } = readDeployment(provisionSteps.sweep);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  provisionSteps.sweep,
  createSweep({
    provisioning: config.provisioning,
    records: createS3SharedRecords(bucket),
    signals: createS3Signals(bucket),
    executionsOf: createExecutionsOf(env),
    measure: (provisioning, postponed) => emitMetrics(config.relay, { provisioning }, { RemovalsPostponed: postponed }),
    now: Date.now,
  }),
);

/**
 * Compares subjects of a blueprint with the remote system. Changes nothing there. Repeatable.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { ruleOf } from '#shared/config/rules.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createDrift } from './drift.ts';

const { config, env, providerOf, resourceTypesOf } = createRelay(provisionSteps.drift);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  provisionSteps.drift,
  createDrift({
    relayId: env.relayId,
    blueprintOf: (rule) => ruleOf(config, 'provision', rule),
    typesOf: resourceTypesOf,
    providerOf,
    records: createS3SharedRecords(bucket),
    signals: createS3Signals(bucket),
    executionsOf: createExecutionsOf(env),
    measure: (provisioning, drifted) => emitMetrics(config.relay, { provisioning }, { SubjectsDrifted: drifted }),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
  }),
);

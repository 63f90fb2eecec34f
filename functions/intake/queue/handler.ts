/**
 * Handles the messages of the queue. Calls no vault and no store. Messages can arrive twice, and in any order.
 */
import { createRefuse } from '#shared/aws/queue.ts';
import { createS3Claims, createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { createStartSubject } from '#shared/provisioning/start-subject.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';
import { createIntakeQueue } from './queue.ts';

const { config, env, rulesOf } = createRelay(intakeSteps.queue);
const bucket = env.get('RECORDS_BUCKET');
const sharedRecords = createS3SharedRecords(bucket);

export const handler = defineHandler(
  intakeSteps.queue,
  createIntakeQueue({
    rules: config,
    rulesOf: (rule) => rulesOf(rule.connection, rule),
    addressOf: async (rule) => (await rulesOf(rule.connection, rule)).address,
    executionsOf: createExecutionsOf(env),
    signals: createS3Signals(bucket),
    records: createS3Records(bucket),
    sharedRecords,
    claims: createS3Claims(bucket),
    startSubject: createStartSubject({
      sharedRecords,
      signals: createS3Signals(bucket),
      executionsOf: createExecutionsOf(env),
    }),
    refuse: createRefuse(env.get('REFUSED_QUEUE_URL')),
    onFailure: ({ messageId, rule }, { name, message }) => {
      const run = rule === undefined ? {} : { workflow: 'checkout', rule };
      logger.warn('message not handled', { messageId, ...run, failure: { name, message } });
    },
    measure: ({ handled, refused }) =>
      emitMetrics(config.relay, { queue: 'intake' }, { MessagesHandled: handled, MessagesRefused: refused }),
    now: Date.now,
  }),
);

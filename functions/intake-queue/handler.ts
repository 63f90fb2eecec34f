/**
 * Started by the queue of messages: starts what each of them asks for. Talks to no vault and no store. May get a message
 * twice, and in any order.
 */
import { readBundledConfig } from '#shared/config/runtime.ts';
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createExecutions } from '#shared/runtime/executions.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { contract, environment } from './contract.ts';
import { createIntakeQueue } from './intake-queue.ts';
import { createRefuse } from './refuse.ts';

const env = readEnvironment(environment);
const config = readBundledConfig();

export const handler = defineHandler(
  'intake-queue',
  contract,
  createIntakeQueue({
    rules: config,
    checkouts: createExecutions(env.CHECKOUT_MACHINE_ARN),
    releases: createExecutions(env.RELEASE_MACHINE_ARN),
    syncs: createExecutions(env.SYNC_MACHINE_ARN),
    notes: createS3Notes(env.RECORDS_BUCKET),
    records: createS3Records(env.RECORDS_BUCKET),
    refuse: createRefuse(env.REFUSED_QUEUE_URL),
    onTrouble: ({ messageId }, { name, message }) =>
      logger.warn('message not handled', { messageId, failure: { name, message } }),
    measure: ({ handled, refused }) =>
      emitMetrics(config.relay, { queue: 'intake' }, { MessagesHandled: handled, MessagesRefused: refused }),
    now: Date.now,
  }),
);

/** Handles the events of EC2 instances. Calls no vault and no store. Events can arrive twice, and in any order. */
import { createDescribeInstances } from '#shared/aws/ec2.ts';
import { createRefuse } from '#shared/aws/queue.ts';
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { relayPlaceOf } from '#shared/names.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { machinesSteps } from '#shared/workflows/intake.ts';
import { createMachines } from './machines.ts';

const { config, env } = readDeployment(machinesSteps.machines);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  machinesSteps.machines,
  createMachines({
    config,
    here: relayPlaceOf(env.relayId),
    describeInstances: createDescribeInstances(),
    sharedRecords: createS3SharedRecords(bucket),
    signals: createS3Signals(bucket),
    executionsOf: createExecutionsOf(env),
    refuse: createRefuse(env.get('REFUSED_MACHINES_URL')),
    onFailure: ({ messageId }, { name, message }) =>
      logger.warn('machine event not handled', { messageId, failure: { name, message } }),
    measure: ({ handled, refused }) =>
      emitMetrics(config.relay, { queue: 'machines' }, { MessagesHandled: handled, MessagesRefused: refused }),
    now: Date.now,
  }),
);

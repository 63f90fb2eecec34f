/**
 * First step of provisioning: claims the subject. Calls no remote system. Repeatable.
 */
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { provisionSteps } from '#shared/workflows/provision.ts';
import { createPlanProvision } from './plan.ts';

const { env } = readDeployment(provisionSteps.plan);
const executionsOf = createExecutionsOf(env);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  provisionSteps.plan,
  createPlanProvision({
    records: createS3SharedRecords(bucket),
    signals: createS3Signals(bucket),
    isRunning: async (run) => mayStillAct(await executionsOf('provision').find(run), Date.now()),
    now: Date.now,
  }),
);

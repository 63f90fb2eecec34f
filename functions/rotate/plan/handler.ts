/**
 * Second step of a rotation: selects the items and plans their waves. Changes nothing in the vault. Repeatable.
 */
import { createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { createPlanRotation } from './plan.ts';
import { createCheckoutsUnder } from './requested.ts';

const relay = createRelay(rotateSteps.plan);
const bucket = relay.env.get('RECORDS_BUCKET');
const executionsOf = createExecutionsOf(relay.env);

export const handler = defineHandler(
  rotateSteps.plan,
  createPlanRotation({
    ...relay,
    records: createS3SharedRecords(bucket),
    checkoutsUnder: createCheckoutsUnder(createS3Records(bucket), createS3Signals(bucket)),
    now: Date.now,
    isRunning: async (run) => mayStillAct(await executionsOf('rotate').find(run), Date.now()),
  }),
);

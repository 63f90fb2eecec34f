/**
 * First step of a run over a directory: claims the rule and records what has to change. Only reads the directory.
 * Repeatable.
 */
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { readSourceObject } from '#shared/aws/source-object.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { directorySteps } from '#shared/workflows/directory.ts';
import { createPlanDirectory } from './plan.ts';

const { config, env, directoryOf } = createRelay(directorySteps.plan);
const executionsOf = createExecutionsOf(env);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  directorySteps.plan,
  createPlanDirectory({
    ...{ config, directoryOf },
    records: createS3SharedRecords(bucket),
    runs: createS3Records(bucket),
    readObject: readSourceObject,
    isRunning: async (run) => mayStillAct(await executionsOf('directory').find(run), Date.now()),
    now: Date.now,
  }),
);

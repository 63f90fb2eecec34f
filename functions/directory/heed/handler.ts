/**
 * Only step of a run over messages about people: carries out what is owed, each step written into the journal first.
 * Repeatable.
 */
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { directorySteps } from '#shared/workflows/directory.ts';
import { createHeedMessages } from './heed.ts';

const { config, env, directoryOf } = createRelay(directorySteps.heed);
const executionsOf = createExecutionsOf(env);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  directorySteps.heed,
  createHeedMessages({
    ...{ config, directoryOf },
    records: createS3SharedRecords(bucket),
    journal: createS3Records(bucket),
    isRunning: async (run) => mayStillAct(await executionsOf('directory').find(run), Date.now()),
    now: Date.now,
  }),
);

/**
 * Second step of a sync: decides what is to be done. Writes nothing but the run's own records, and may run twice.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createPlan } from './plan.ts';
import { createIsOvertaken } from './predecessor.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor } = createRelay(env);

export const handler = defineHandler(
  'plan',
  contract,
  createPlan({
    syncs: config.syncs,
    vaultFor: vaults.forSync,
    storeFor,
    records: createS3Records(env.RECORDS_BUCKET),
    isOvertaken: createIsOvertaken(env.SYNC_MACHINE_ARN),
    now: Date.now,
  }),
);

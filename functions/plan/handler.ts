/**
 * Second step of a sync and of a checkout: decides what is to be done. Writes nothing but the run's own records, and may run twice.
 */
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutContract, contract, environment } from './contract.ts';
import { createReadNamed } from './named.ts';
import { createPlan } from './plan.ts';
import { createPlanCheckout } from './plan-checkout.ts';
import { createIsOvertaken } from './predecessor.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor } = createRelay(env);

const records = createS3Records(env.RECORDS_BUCKET);
const notes = createS3Notes(env.RECORDS_BUCKET);

export const handler = byOrder({
  sync: defineHandler(
    'plan',
    contract,
    createPlan({
      syncs: config.syncs,
      vaultFor: vaults.forSync,
      storeFor,
      records,
      isOvertaken: createIsOvertaken(env.SYNC_MACHINE_ARN),
      readNamed: createReadNamed(records, notes),
      now: Date.now,
    }),
  ),
  checkout: defineHandler(
    'plan',
    checkoutContract,
    createPlanCheckout({
      checkouts: config.checkouts,
      vaultOf: vaults.ofConnection,
      records,
      notes,
      now: Date.now,
    }),
  ),
});

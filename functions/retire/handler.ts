/**
 * Takes back what a checkout has delivered. Talks to no vault and sees no value; may run twice.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createRetire } from './retire.ts';

const env = readEnvironment(environment);
const { storeForCheckout } = createRelay(env);

export const handler = defineHandler(
  'retire',
  contract,
  createRetire({ storeFor: storeForCheckout, records: createS3Records(env.RECORDS_BUCKET) }),
);

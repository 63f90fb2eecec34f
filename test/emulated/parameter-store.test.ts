import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { parameterStoreBench } from '../contract/stores/aws-parameter-store-bench.ts';
import { describeStore } from '../contract/stores/store-suite.ts';
import { startMoto } from './support/emulators.ts';

const moto = await startMoto();
afterAll(() => moto.close());

// ministack ignores filters by tag: see docs/emulated.md.
describeStore(
  'Parameter Store on moto',
  parameterStoreBench('standard', () => () => new SSMClient({ ...localClientConfig(moto.endpoint), maxAttempts: 1 })),
);

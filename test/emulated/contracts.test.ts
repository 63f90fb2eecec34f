import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { describeS3 } from '../contract/aws/s3.ts';
import { describeSecretsManager } from '../contract/aws/secrets-manager.ts';
import { describeSqs } from '../contract/aws/sqs.ts';
import { describeParameterStore } from '../contract/aws/ssm.ts';
import { KNOWN_DEVIATIONS } from './known-wrong.ts';
import { type Emulator, startMinistack, startMoto } from './support/emulators.ts';

const ministack = await startMinistack();
afterAll(() => ministack.close());
const moto = await startMoto();
afterAll(() => moto.close());

const emulators: Readonly<Record<'ministack' | 'moto', Emulator>> = { ministack, moto };

for (const name of ['ministack', 'moto'] as const) {
  const config = { ...localClientConfig(emulators[name].endpoint), maxAttempts: 1 };
  const wrong = KNOWN_DEVIATIONS[name];
  describeSecretsManager(name, async () => new SecretsManagerClient(config), {
    knownDeviations: wrong['Secrets Manager'],
  });
  describeParameterStore(name, async () => new SSMClient(config), { knownDeviations: wrong['Parameter Store'] });
  describeSqs(name, async () => new SQSClient(config), { knownDeviations: wrong.SQS });
  describeS3(name, async () => new S3Client(config), { knownDeviations: wrong.S3 });
}

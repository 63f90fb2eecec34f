import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { describeSqs } from './sqs.ts';

const server = await startAwsServer();
afterAll(() => server.close());

describeSqs('the local side', async () => new SQSClient({ ...localClientConfig(server.endpoint), maxAttempts: 1 }), {
  knownDeviations: { 'a made-up receipt is refused': 'Takes any receipt for one that was used already.' },
});

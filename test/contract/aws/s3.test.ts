import { S3Client } from '@aws-sdk/client-s3';
import { afterAll } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { describeS3 } from './s3.ts';

const server = await startAwsServer();
afterAll(() => server.close());

const REFUSED = 'Refused as not implemented: the emulator beneath would overwrite.';

describeS3('the local side', async () => new S3Client({ ...localClientConfig(server.endpoint), maxAttempts: 1 }), {
  knownWrong: {
    'a put that may only create leaves alone what is there': REFUSED,
    'a put that may only replace what was read leaves alone what has changed since': REFUSED,
  },
});

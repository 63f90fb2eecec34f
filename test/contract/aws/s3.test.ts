import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { describeS3 } from './s3.ts';

const server = await startAwsServer();
afterAll(() => server.close());

const connect = () => new S3Client({ ...localClientConfig(server.endpoint), maxAttempts: 1 });

describeS3('the local side', async () => connect());

it('lets exactly one of many concurrent puts create an object', async () => {
  const client = connect();
  const Bucket = 'at-once';
  await client.send(new CreateBucketCommand({ Bucket }));
  const put = (Body: string) =>
    client.send(new PutObjectCommand({ Bucket, Key: 'k', Body, ContentLength: Body.length, IfNoneMatch: '*' }));
  const outcomes = await Promise.allSettled([...'abcdefghij'].map(put));
  const created = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
  expect(created).toHaveLength(1);
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  expect(await Body?.transformToString()).toBe('abcdefghij'[created[0] ?? 0]);
  client.destroy();
});

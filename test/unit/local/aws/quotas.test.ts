import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQuotas } from '#local/aws/quotas/quotas.ts';
import { QUOTAS } from '#local/aws/quotas/table.ts';
import { createTokenBucket } from '#local/aws/quotas/token-bucket.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { type AwsServer, startAwsServer } from '#local/aws/server.ts';

const HERE = { account: '000000000000', region: 'us-east-1' };

describe('a token bucket', () => {
  it('allows its burst and its rate, and no more, in any period', () => {
    const rate = fc.record({ burst: fc.integer({ min: 1, max: 60 }), perSecond: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(rate, fc.array(fc.nat(400), { maxLength: 200 }), ({ burst, perSecond }, waits) => {
        let nowMs = 0;
        const take = createTokenBucket({ burst, perSecond }, () => nowMs);
        const allowed = waits.flatMap((wait) => {
          nowMs += wait;
          return take() ? [nowMs] : [];
        });
        for (const [first, from] of allowed.entries()) {
          for (const [index, until] of allowed.slice(first).entries()) {
            expect(index + 1).toBeLessThanOrEqual(burst + ((until - from) * perSecond) / 1000 + 1e-6);
          }
        }
      }),
    );
  });

  it('allows a steady rate for ever', () => {
    let nowMs = 0;
    const take = createTokenBucket({ burst: 1, perSecond: 50 }, () => nowMs);
    for (let call = 0; call < 500; call++, nowMs += 20) expect(take()).toBe(true);
  });
});

describe('the quotas of AWS', () => {
  it('each have a source, and no action counts twice', () => {
    const actions = QUOTAS.flatMap((quota) => quota.actions.map((action) => `${quota.service}.${action}`));
    expect(new Set(actions).size).toBe(actions.length);
    for (const { source } of QUOTAS) expect(source).toMatch(/"/);
  });

  it('count the calls that write a version together, and others, other regions and other accounts apart', () => {
    const { allows, throttled } = createQuotas(() => 0);
    const call = (action: string, place = HERE) => allows({ service: 'secretsmanager', action, ...place }, '/');
    for (let calls = 0; calls < 25; calls++) {
      expect(call('PutSecretValue')).toBe(true);
      expect(call('UpdateSecretVersionStage')).toBe(true);
    }
    expect(call('PutSecretValue')).toBe(false);
    expect(call('UpdateSecretVersionStage')).toBe(false);
    expect(call('CreateSecret')).toBe(true);
    expect(call('PutSecretValue', { ...HERE, region: 'eu-west-1' })).toBe(true);
    expect(call('PutSecretValue', { ...HERE, account: '111122223333' })).toBe(true);
    expect(throttled()).toEqual({
      'secretsmanager.PutSecretValue': 1,
      'secretsmanager.UpdateSecretVersionStage': 1,
    });
  });

  it('of S3 count each folder of a bucket apart', () => {
    const { allows } = createQuotas(() => 0);
    const put = (key: string) => allows({ service: 's3', action: 'PutObject', ...HERE }, `/bucket/${key}`);
    for (let calls = 0; calls < 3500; calls++) expect(put(`runs/${calls}`)).toBe(true);
    expect(put('runs/more')).toBe(false);
    expect(put('limits/more')).toBe(true);
  });
});

describe('a call beyond a quota', () => {
  let server: AwsServer;
  let client: ReturnType<typeof localClientConfig> & { maxAttempts: number };
  beforeAll(async () => {
    const none = QUOTAS.map((quota) => ({ ...quota, burst: 0, perSecond: 0 }));
    server = await startAwsServer(
      0,
      Date.now,
      createQuotas(() => 0, none),
    );
    client = { ...localClientConfig(server.endpoint), maxAttempts: 1 };
  });
  afterAll(() => server.close());

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'Secrets Manager',
      () =>
        new SecretsManagerClient(client).send(
          new UpdateSecretVersionStageCommand({ SecretId: 's', VersionStage: 'AWSCURRENT' }),
        ),
      'ThrottlingException',
    ],
    [
      'Step Functions',
      () => new SFNClient(client).send(new ListExecutionsCommand({ stateMachineArn: 'arn' })),
      'ThrottlingException',
    ],
    ['S3', () => new S3Client(client).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })), 'SlowDown'],
    [
      'S3, with a body',
      () => new S3Client(client).send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' })),
      'SlowDown',
    ],
    [
      'SNS',
      () => new SNSClient(client).send(new PublishCommand({ TopicArn: 'arn', Message: 'm' })),
      'ThrottlingException',
    ],
  ])('is refused by %s with an error that the SDK takes for throttling', async (_service, call, name) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});

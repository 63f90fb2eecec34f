import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalAws, startAws } from '#local/aws/aws.ts';
import { createClock } from '#local/aws/clock.ts';
import { localClientConfig, toMachine } from '#local/aws/resources.ts';
import { parseTemplate } from '#local/aws/template/template.ts';

const TEMPLATE = {
  Resources: {
    Echo: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'echo',
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Code: { S3Bucket: 'assets', S3Key: 'echo.zip' },
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Timeout: 30,
      },
    },
    Role: { Type: 'AWS::IAM::Role' },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: {
          'Fn::Join': [
            '',
            [
              '{"StartAt":"Echo","States":{"Echo":{"Type":"Task","TimeoutSeconds":60,"End":true,"Resource":"',
              { 'Fn::GetAtt': ['Echo', 'Arn'] },
              '"}}}',
            ],
          ],
        },
      },
    },
    Records: { Type: 'AWS::S3::Bucket' },
    Alerts: { Type: 'AWS::SNS::Topic' },
    Token: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'token' } },
  },
  Outputs: { Bucket: { Value: { Ref: 'Records' } } },
};
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:stack-Machine';

let aws: LocalAws;
let client: ReturnType<typeof localClientConfig>;

beforeAll(async () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'aws-'));
  const bundle = join(runDirectory, 'echo');
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'index.mjs'), 'export const handler = async (event) => ({ echo: event });');
  const assets = new Map([['echo.zip', bundle]]);
  aws = await startAws({ stackName: 'stack', template: TEMPLATE, assets, clock: createClock(), runDirectory });
  client = localClientConfig(aws.endpoint);
});
afterAll(() => aws.close());

const settle = async (executionArn: string) => {
  await aws.stepFunctions.settled(executionArn);
  return new SFNClient(client).send(new DescribeExecutionCommand({ executionArn }));
};

describe('the AWS side, through the SDK', () => {
  it('runs an execution from start to end', async () => {
    const sfn = new SFNClient(client);
    const start = new StartExecutionCommand({ stateMachineArn: MACHINE, name: 'a.1', input: '{"n":1}' });
    const { executionArn = '', startDate } = await sfn.send(start);
    expect(Math.abs(Number(startDate) - Date.now())).toBeLessThan(60_000);
    expect(await settle(executionArn)).toMatchObject({
      name: 'a.1',
      status: 'SUCCEEDED',
      input: '{"n":1}',
      output: '{"echo":{"n":1}}',
      stopDate: expect.any(Date),
    });
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    await expect(sfn.send(start)).rejects.toBeInstanceOf(ExecutionAlreadyExists);
  });

  it('lists executions page by page, newest first, and by status', async () => {
    const sfn = new SFNClient(client);
    for (const name of ['b.1', 'b.2', 'b.3']) {
      const { executionArn = '' } = await sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, name }));
      await settle(executionArn);
    }
    const first = await sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 2 }));
    expect(first.executions?.map(({ name }) => name)).toEqual(['b.3', 'b.2']);
    const { nextToken } = first;
    const second = await sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 2, nextToken }));
    expect(second.executions?.[0]?.name).toBe('b.1');
    const running = await sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, statusFilter: 'RUNNING' }));
    expect(running.executions).toEqual([]);
  });

  it('reports an execution that does not exist', async () => {
    const executionArn = `${MACHINE.replace('stateMachine', 'execution')}:gone`;
    const describing = new SFNClient(client).send(new DescribeExecutionCommand({ executionArn }));
    await expect(describing).rejects.toBeInstanceOf(ExecutionDoesNotExist);
  });

  it('stores objects', async () => {
    const s3 = new S3Client(client);
    const where = { Bucket: 'stack-records', Key: 'runs/a/ü 1.json' };
    await s3.send(new PutObjectCommand({ ...where, Body: '{"a":"ö"}', ContentType: 'application/json' }));
    const { Body } = await s3.send(new GetObjectCommand(where));
    expect(await Body?.transformToString()).toBe('{"a":"ö"}');
    const missing = s3.send(new GetObjectCommand({ ...where, Key: 'gone' }));
    await expect(missing).rejects.toBeInstanceOf(NoSuchKey);
  });

  it('refuses a condition on a write that it does not support', async () => {
    const s3 = new S3Client({ ...client, maxAttempts: 1 });
    const put = new PutObjectCommand({ Bucket: 'stack-records', Key: 'once', Body: 'x', IfNoneMatch: '"etag"' });
    await expect(s3.send(put)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
  });

  it('stores secrets, including those of the template', async () => {
    const secrets = new SecretsManagerClient(client);
    await secrets.send(new PutSecretValueCommand({ SecretId: 'token', SecretString: 'value' }));
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'token' }))).toMatchObject({
      SecretString: 'value',
    });
  });

  it('shows everything that was written except the values of secrets', async () => {
    const topicArn = 'arn:aws:sns:us-east-1:000000000000:stack-Alerts';
    await new SNSClient(client).send(new PublishCommand({ TopicArn: topicArn, Message: 'published text' }));
    const put = new PutObjectCommand({ Bucket: 'stack-records', Key: 'object', Body: 'object text' });
    await new S3Client(client).send(put);
    const seen: string[] = [];
    for await (const { content } of aws.written()) seen.push(String(content));
    const all = seen.join('\n');
    for (const text of ['published text', 'object text', '"Name":"token"']) expect(all).toContain(text);
    expect(all).not.toContain('"value"');
  });

  it('counts calls', async () => {
    const before = aws.server.callCounts()['states.ListExecutions'] ?? 0;
    await new SFNClient(client).send(new ListExecutionsCommand({ stateMachineArn: MACHINE }));
    expect(aws.server.callCounts()['states.ListExecutions']).toBe(before + 1);
  });

  it('describes its stack with the outputs, and no other stack', async () => {
    const formation = new CloudFormationClient(client);
    const { Stacks } = await formation.send(new DescribeStacksCommand({ StackName: 'stack' }));
    expect(Stacks).toMatchObject([
      {
        StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/stack/local',
        Outputs: [{ OutputKey: 'Bucket', OutputValue: 'stack-records' }],
      },
    ]);
    await expect(formation.send(new DescribeStacksCommand({ StackName: 'other' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id other does not exist',
    });
    await expect(formation.send(new DescribeStacksCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' });
  });

  it('identifies its account', async () => {
    const { Account } = await new STSClient(client).send(new GetCallerIdentityCommand({}));
    expect(Account).toBe('000000000000');
  });

  it('refuses unknown calls, and records them', async () => {
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 Credential=step/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
    };
    const answer = await fetch(aws.endpoint, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(400);
    expect(aws.server.unknownCalls).toEqual([
      { caller: 'step', region: 'us-east-1', service: 'dynamodb', action: 'GetItem' },
    ]);
    expect((await fetch(aws.endpoint)).status).toBe(403);
  });

  it('invokes a function over HTTP', async () => {
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=me/20261122/us-east-1/lambda/aws4_request, x=y' };
    const invoke = (name: string) =>
      fetch(`${aws.endpoint}/2015-03-31/functions/${name}/invocations`, { method: 'POST', headers, body: '{"n":2}' });
    expect(await (await invoke('echo')).json()).toEqual({ echo: { n: 2 } });
    expect((await invoke('gone')).status).toBe(404);
  });
});

describe('starting a stack', () => {
  it('fails if the code of a function is missing, and leaves nothing behind', async () => {
    const runDirectory = mkdtempSync(join(tmpdir(), 'aws-'));
    const starting = startAws({
      stackName: 's',
      template: TEMPLATE,
      assets: new Map(),
      clock: createClock(),
      runDirectory,
    });
    await expect(starting).rejects.toThrow('The code of echo is not an asset of the stack.');
  });

  it.each<[string, object]>([
    ['KmsKeyId', { Type: 'CUSTOMER_MANAGED_KMS_KEY' }],
    [
      'KmsDataKeyReusePeriodSeconds',
      { Type: 'CUSTOMER_MANAGED_KMS_KEY', KmsKeyId: 'k', KmsDataKeyReusePeriodSeconds: 901 },
    ],
    ['Type', { KmsKeyId: 'k' }],
  ])('fails for an encryption of a machine that AWS does not support: %s', (wrong, EncryptionConfiguration) => {
    const Properties = { DefinitionString: '{}', EncryptionConfiguration };
    const json = { Resources: { Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties } } };
    const template = parseTemplate({ stackName: 's', json, endpoint: 'http://127.0.0.1:1' });
    expect(() => template.ofType('AWS::StepFunctions::StateMachine').map(toMachine)).toThrow(wrong);
  });
});

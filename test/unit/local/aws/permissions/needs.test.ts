import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, expect, it } from 'vitest';
import type { Need } from '#local/aws/permissions/evaluate.ts';
import { createNeedsOf } from '#local/aws/permissions/needs.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { parseTemplate } from '#local/aws/template/template.ts';

const KEY = 'arn:aws:kms:us-east-1:000000000000:key/k';
const INTAKE = 'arn:aws:sqs:us-east-1:000000000000:intake';
const PLAIN = 'arn:aws:sqs:us-east-1:000000000000:plain';
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:sync';
const RUN = 'arn:aws:states:us-east-1:000000000000:execution:sync:first';
const PLAIN_RUN = 'arn:aws:states:us-east-1:000000000000:execution:plain:first';

const server = await startAwsServer();
afterAll(() => server.close());
const { endpoint } = server;

const template = parseTemplate({
  stackName: 'stack',
  json: {
    Resources: {
      Intake: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'intake', KmsMasterKeyId: KEY } },
      Plain: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'plain' } },
      Sync: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { StateMachineName: 'sync', EncryptionConfiguration: { KmsKeyId: KEY } },
      },
      PlainMachine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'plain' } },
    },
  },
  endpoint,
});

let asked: Need[] = [];
const needsOf = createNeedsOf(template, server.objectExists);
server.guard(async (call, request) => {
  asked = await needsOf(call, request);
  return 'asked only';
});
// Never gets to answer.
server.serve('states', async () => {});

const config = { ...localClientConfig(endpoint), maxAttempts: 1 };
const [s3, sqs, sfn] = [new S3Client(config), new SQSClient(config), new SFNClient(config)];
const onIntake = { QueueUrl: `${endpoint}/000000000000/intake` };
const onPlain = { QueueUrl: `${endpoint}/000000000000/plain` };
const receipt = { ReceiptHandle: 'r' };

const onKey = (action: string): Need => ({
  action: `kms:${action}`,
  resource: KEY,
  context: {
    'kms:ViaService': ['sqs.us-east-1.amazonaws.com'],
    'kms:EncryptionContext:aws:sqs:arn': [INTAKE],
  },
});
const list = (prefix: string): Need => ({
  action: 's3:ListBucket',
  resource: 'arn:aws:s3:::records',
  context: { 's3:prefix': [prefix] },
});

it.each<[string, () => Promise<unknown>, Need[]]>([
  [
    'sending to an encrypted queue',
    () => sqs.send(new SendMessageCommand({ ...onIntake, MessageBody: 'x' })),
    [{ action: 'sqs:SendMessage', resource: INTAKE }, onKey('GenerateDataKey'), onKey('Decrypt')],
  ],
  [
    'sending several messages',
    () => sqs.send(new SendMessageBatchCommand({ ...onPlain, Entries: [{ Id: '1', MessageBody: 'x' }] })),
    [{ action: 'sqs:SendMessage', resource: PLAIN }],
  ],
  [
    'receiving from an encrypted queue',
    () => sqs.send(new ReceiveMessageCommand(onIntake)),
    [{ action: 'sqs:ReceiveMessage', resource: INTAKE }, onKey('Decrypt')],
  ],
  [
    'deleting several messages',
    () => sqs.send(new DeleteMessageBatchCommand({ ...onIntake, Entries: [{ Id: '1', ...receipt }] })),
    [{ action: 'sqs:DeleteMessage', resource: INTAKE }],
  ],
  [
    'hiding a message',
    () => sqs.send(new ChangeMessageVisibilityCommand({ ...onIntake, ...receipt, VisibilityTimeout: 1 })),
    [{ action: 'sqs:ChangeMessageVisibility', resource: INTAKE }],
  ],
  [
    'looking a queue up by its name',
    () => sqs.send(new GetQueueUrlCommand({ QueueName: 'intake' })),
    [{ action: 'sqs:GetQueueUrl', resource: INTAKE }],
  ],
  ['listing queues', () => sqs.send(new ListQueuesCommand({})), [{ action: 'sqs:ListQueues', resource: '*' }]],
  [
    'listing objects under a prefix',
    () => s3.send(new ListObjectsV2Command({ Bucket: 'records', Prefix: 'checkouts/a b/' })),
    [list('checkouts/a b/')],
  ],
  ['listing all objects', () => s3.send(new ListObjectsV2Command({ Bucket: 'records' })), [list('')]],
  [
    'starting an execution',
    () => sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{}' })),
    [{ action: 'states:StartExecution', resource: MACHINE }],
  ],
  [
    'listing executions',
    () => sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE })),
    [{ action: 'states:ListExecutions', resource: MACHINE }],
  ],
  [
    'looking at an execution whose data is encrypted',
    () => sfn.send(new DescribeExecutionCommand({ executionArn: RUN })),
    [
      { action: 'states:DescribeExecution', resource: RUN },
      {
        action: 'kms:Decrypt',
        resource: KEY,
        context: {
          'kms:ViaService': ['states.us-east-1.amazonaws.com'],
          'kms:EncryptionContext:aws:states:stateMachineArn': [MACHINE],
        },
      },
    ],
  ],
  [
    'looking at another',
    () => sfn.send(new DescribeExecutionCommand({ executionArn: PLAIN_RUN })),
    [{ action: 'states:DescribeExecution', resource: PLAIN_RUN }],
  ],
])('%s needs the permissions that AWS documents', async (_what, send, needs) => {
  asked = [];
  await expect(send()).rejects.toThrow('asked only');
  expect(asked).toEqual(needs);
});

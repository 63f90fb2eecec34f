import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type LocalAws, startAws } from '#local/aws/aws.ts';
import { createClock } from '#local/aws/clock.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { createDescribeInstances } from '#shared/aws/ec2.ts';

const queueArn = { 'Fn::GetAtt': ['Queue', 'Arn'] };
const PATTERN = {
  source: ['aws.ec2'],
  'detail-type': ['EC2 Instance State-change Notification'],
  detail: { state: ['running', 'terminated'] },
};
const template = (rule: object = {}) => ({
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'events' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: PATTERN,
        State: 'ENABLED',
        Targets: [{ Id: 'Target0', Arn: queueArn, DeadLetterConfig: { Arn: queueArn } }],
        ...rule,
      },
    },
  },
});

let latest: LocalAws | undefined;
afterEach(async () => {
  await latest?.close();
  latest = undefined;
});

const start = async (rule: object = {}, quotas?: Parameters<typeof startAws>[0]['quotas']): Promise<LocalAws> => {
  latest = await startAws({
    stackName: 's',
    template: template(rule),
    assets: new Map(),
    clock: createClock(),
    runDirectory: mkdtempSync(join(tmpdir(), 'ec2-')),
    ...(quotas && { quotas }),
  });
  return latest;
};

const clientOf = ({ endpoint }: LocalAws) => new EC2Client({ ...localClientConfig(endpoint), maxAttempts: 1 });

const seen = async ({ queues }: LocalAws) =>
  (await queues.messages('events')).map(({ body }) => JSON.parse(body)).map(({ detail, ...event }) => [event, detail]);

describe('the fleet', () => {
  it('shows its instances to the SDK as EC2 does, and only those that are asked for', async () => {
    const aws = await start();
    const id = await aws.ec2.launch({ tags: { 'a:b': 'x & <y>', c: 'd' }, vpc: 'vpc-1', privateIp: '10.0.0.1' });
    await aws.ec2.launch();
    const { Reservations } = await clientOf(aws).send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [id, 'i-00000000'] }] }),
    );
    expect(Reservations?.flatMap(({ Instances = [] }) => Instances)).toEqual([
      {
        InstanceId: id,
        State: { Code: 16, Name: 'running' },
        PrivateDnsName: '',
        PrivateIpAddress: '10.0.0.1',
        VpcId: 'vpc-1',
        Tags: [
          { Key: 'a:b', Value: 'x & <y>' },
          { Key: 'c', Value: 'd' },
        ],
      },
    ]);
  });

  it('sends the events that the rule wants, each without milliseconds, and keeps a terminated instance', async () => {
    const aws = await start();
    const id = await aws.ec2.launch();
    await aws.ec2.terminate(id);
    expect(await seen(aws)).toEqual(
      ['running', 'terminated'].map((state) => [
        expect.objectContaining({
          source: 'aws.ec2',
          account: '000000000000',
          region: 'us-east-1',
          time: expect.stringMatching(/^[\dT:-]{19}Z$/),
        }),
        { 'instance-id': id, state },
      ]),
    );
    expect(aws.ec2.all()).toMatchObject([{ id, state: 'terminated' }]);
    aws.ec2.forget(id);
    expect(aws.ec2.all()).toEqual([]);
  });

  it.each([
    ['another call', new RunInstancesCommand({ MinCount: 1, MaxCount: 1 }), 'InvalidAction'],
    ['ids instead of a filter', new DescribeInstancesCommand({ InstanceIds: ['i-1'] }), 'UnknownParameter'],
    [
      'another filter',
      new DescribeInstancesCommand({ Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] }),
      'InvalidParameterValue',
    ],
  ] as const)('refuses %s', async (_what, command, name) => {
    const client = clientOf(await start());
    const call = command instanceof RunInstancesCommand ? client.send(command) : client.send(command);
    await expect(call).rejects.toMatchObject({ name });
  });

  it('refuses a call beyond the quota in the format of EC2', async () => {
    const quota = {
      service: 'ec2',
      actions: ['Query'],
      burst: 0,
      perSecond: 0,
      per: 'account',
      source: 'test',
    } as const;
    const client = clientOf(await start({}, [quota]));
    const call = client.send(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: ['i-1'] }] }));
    await expect(call).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  });
});

describe('the event bus', () => {
  it.each([
    ['source', { source: 'aws.s3' }],
    ['type', { detailType: 'EC2 Spot Instance Interruption Warning' }],
    ['state', { detail: { state: 'stopped' } }],
    ['state at all', { detail: {} }],
  ])('delivers no event of another %s', async (_what, more) => {
    const aws = await start();
    const [source, detailType] = ['aws.ec2', 'EC2 Instance State-change Notification'];
    expect(await aws.events.put({ source, detailType, detail: { state: 'running' } })).toBe(1);
    expect(await aws.events.put({ source, detailType, detail: { state: 'running' }, ...more })).toBe(0);
  });

  it.each([
    ['matching beyond lists of texts', { EventPattern: { ...PATTERN, source: [{ prefix: 'aws.' }] } }, 'source'],
    ['a field that it does not match', { EventPattern: { ...PATTERN, region: ['eu-west-1'] } }, 'region'],
    ['another bus', { EventBusName: 'other' }, 'EventBusName'],
    [
      'an input transformer',
      { Targets: [{ Id: '1', Arn: queueArn, DeadLetterConfig: { Arn: queueArn }, Input: '' }] },
      'Input',
    ],
    ['an unknown target', { Targets: [{ Id: '1', Arn: 'arn:x', DeadLetterConfig: { Arn: 'arn:x' } }] }, 'arn:x'],
  ])('rejects a rule with %s', async (_what, rule, named) => {
    await expect(start(rule)).rejects.toThrow(named);
  });
});

describe('the description of instances', () => {
  it('has all that EC2 tells, and no unknown instance', async () => {
    const aws = await start();
    const id = await aws.ec2.launch({
      tags: { a: 'b' },
      vpc: 'vpc-1',
      privateIp: '10.0.0.1',
      publicIp: '198.51.100.1',
    });
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'operator',
      AWS_SECRET_ACCESS_KEY: 'local',
    })) {
      vi.stubEnv(name, value);
    }
    const described = await createDescribeInstances()([id, 'i-00000000']);
    vi.unstubAllEnvs();
    expect([...described]).toEqual([
      [
        id,
        {
          state: 'running',
          vpc: 'vpc-1',
          privateIp: '10.0.0.1',
          privateDns: undefined,
          publicIp: '198.51.100.1',
          tags: new Map([['a', 'b']]),
        },
      ],
    ]);
  });
});

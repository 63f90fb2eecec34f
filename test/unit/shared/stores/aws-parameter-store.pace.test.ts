import { DescribeParametersCommand, GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { createPacedClient } from '#shared/stores/aws-parameter-store/client.ts';

const OK = { status: 200, body: { Version: 1, Parameters: [], Parameter: {} } };
const THROTTLED = { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } };
const BROKEN = { status: 500, body: { __type: 'InternalServerError' } };
const put = new PutParameterCommand({ Name: '/n', Value: 'v', Type: 'SecureString' });

/** A client whose requests get these answers in turn, the last one for ever. */
const createScene = (answers: readonly (typeof OK | typeof THROTTLED | typeof BROKEN)[], maxAttempts?: number) => {
  const events: string[] = [];
  let sent = 0;
  const base = new SSMClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: {
      handle: async () => {
        const { status, body } = answers[Math.min(sent, answers.length - 1)] ?? OK;
        sent += 1;
        const content = new TextEncoder().encode(JSON.stringify(body));
        return { response: { statusCode: status, headers: {}, body: new Blob([content]).stream() } };
      },
    },
  });
  const pace = {
    take: async (quota: string) => void events.push(`take ${quota}`),
    slow: async (quota: string) => void events.push(`slow ${quota}`),
  };
  let leftMs = 900_000;
  const sleep = async (ms: number) => {
    leftMs -= ms;
  };
  const calls = { pace, remainingMs: () => leftMs, onCall: () => void events.push('call'), sleep, random: () => 1 };
  return { client: createPacedClient(base, calls, maxAttempts), events, waitedMs: () => 900_000 - leftMs };
};

test('a put takes its turn, and slows the store down when AWS refuses it', async () => {
  const { client, events } = createScene([THROTTLED, OK]);
  await client.send(put);
  expect(events).toEqual(['take put', 'call', 'slow put', 'take put', 'call']);
});

test('reads take no turn, and a throttled list waits for minutes', async () => {
  const { client, events, waitedMs } = createScene([...Array.from({ length: 60 }, () => THROTTLED), OK]);
  await client.send(new DescribeParametersCommand({}));
  expect(new Set(events)).toEqual(new Set(['call']));
  expect(waitedMs()).toBeGreaterThan(240_000);
});

test('a list that is throttled until the function has to end names the call, and no setting for writes', async () => {
  const { client } = createScene([THROTTLED]);
  await expect(client.send(new DescribeParametersCommand({}))).rejects.toMatchObject({
    name: 'LimitReached',
    message: expect.stringMatching(/^Parameter Store: DescribeParameters was throttled (?!.*writesPerSecond)/),
  });
});

test('the SDK repeats a failed read, and never a failed put', async () => {
  const reads = createScene([BROKEN, OK]);
  await reads.client.send(new GetParameterCommand({ Name: '/n' }));
  expect(reads.events).toEqual(['call', 'call']);
  const puts = createScene([BROKEN, OK], 1);
  await expect(puts.client.send(put)).rejects.toThrow();
  expect(puts.events).toEqual(['take put', 'call']);
});

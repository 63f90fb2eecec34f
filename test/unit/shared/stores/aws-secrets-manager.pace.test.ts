import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { createPacedClient } from '#shared/stores/aws-secrets-manager/paced-client.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { Delivery } from '#shared/stores/store.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const OK: Answer = { status: 200, body: { ARN: 'x' } };
const THROTTLED: Answer = { status: 400, body: { __type: 'ThrottlingException', Message: 'Rate exceeded' } };
const BROKEN: Answer = { status: 500, body: { __type: 'InternalServiceError' } };

/** A client whose requests get these answers in turn, the last one for ever. */
const createScene = (answers: readonly Answer[], remainingMs = 900_000) => {
  const sent: string[] = [];
  const events: string[] = [];
  const base = new SecretsManagerClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: {
      handle: async (request: { headers: Record<string, string> }) => {
        const { status, body } = answers[Math.min(sent.length, answers.length - 1)] ?? OK;
        sent.push(request.headers['authorization'] ?? '');
        const content = new TextEncoder().encode(JSON.stringify(body));
        return { response: { statusCode: status, headers: {}, body: new Blob([content]).stream() } };
      },
    },
  });
  const pace = {
    take: async (quota: string) => void events.push(`take ${quota}`),
    slow: async (quota: string) => void events.push(`slow ${quota}`),
  };
  let leftMs = remainingMs;
  const client = createPacedClient(base, {
    pace,
    remainingMs: () => leftMs,
    onCall: () => void events.push('call'),
    sleep: async (ms) => {
      leftMs -= ms;
    },
    random: () => 1,
  });
  return { client, sent, events };
};
const create = new CreateSecretCommand({ Name: 'n', SecretString: 'canary-3f1c', ClientRequestToken: 'x'.repeat(32) });

describe('the client of the store', () => {
  it.each([
    [create, 'create'],
    [new PutSecretValueCommand({ SecretId: 'n', SecretString: 'v' }), 'update'],
  ])('takes a turn before each write', async (command, quota) => {
    const { client, sent, events } = createScene([OK]);
    await client.send(command as CreateSecretCommand);
    expect(events).toEqual([`take ${quota}`, 'call']);
    expect(sent).toHaveLength(1);
  });

  it('asks whether the delivery may still write after its turn, and sends nothing if it may not', async () => {
    const { client, sent, events } = createScene([OK]);
    const store = createAwsSecretsManagerStore({ client, owner: 'relay/sync' });
    const calledOff = new RelayError('LeaseGone', 'The checkout has ended.');
    const delivery: Delivery = {
      name: 'n',
      value: new Secret<SecretContent>('canary-3f1c'),
      stamp: 'x'.repeat(32),
      expected: 'absent',
      description: '',
      beforeWrite: async () => {
        events.push('asked');
        throw calledOff;
      },
    };
    await expect(store.deliver(delivery)).rejects.toBe(calledOff);
    expect(events).toEqual(['take create', 'call', 'asked']);
    expect(sent).toEqual([]);
  });

  it('reads without a turn', async () => {
    const { client, events } = createScene([OK]);
    await client.send(new DescribeSecretCommand({ SecretId: 'n' }));
    expect(events).toEqual(['call']);
  });

  it('waits out any number of throttled calls, slows the store down, and takes a new turn for each', async () => {
    const { client, sent, events } = createScene([...Array.from({ length: 20 }, () => THROTTLED), OK]);
    await client.send(create);
    expect(sent).toHaveLength(21);
    expect(events).toHaveLength(62);
    expect(events.slice(0, 4)).toEqual(['take create', 'call', 'slow create', 'take create']);
  });

  it('gives up on throttling only when the function ends', async () => {
    const { client, sent } = createScene([THROTTLED], 60_000);
    await expect(client.send(create)).rejects.toMatchObject({ name: 'LimitReached', retryable: true });
    expect(sent.length).toBeGreaterThan(5);
  });

  it('leaves other failures to the three attempts of the SDK, each with a turn', async () => {
    const { client, sent, events } = createScene([BROKEN]);
    await expect(client.send(create)).rejects.toMatchObject({ $fault: 'server' });
    expect(sent).toHaveLength(3);
    const attempt = ['take create', 'call'];
    expect(events).toEqual([...attempt, ...attempt, ...attempt]);
  });
});

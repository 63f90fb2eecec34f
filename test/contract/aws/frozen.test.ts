import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsClientConfig } from '#shared/aws/client.ts';
import { forgetfulServer } from '#test/support/forgetful-server.ts';

const KEEP_ALIVE_MS = 60_000;
const AT_ONCE = 4;

const closers: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An AWS client and a fake AWS server that share a clock. Only `freeze` moves it. */
const start = async () => {
  let time = Date.parse('2026-03-01T12:00:00Z');
  const now = () => time;
  const server = await forgetfulServer(now, KEEP_ALIVE_MS, 'reset');
  const client = new SecretsManagerClient({
    ...awsClientConfig(now),
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // A second attempt would hide the failure of the first.
    maxAttempts: 1,
  });
  closers.push(
    () => server[Symbol.asyncDispose](),
    async () => client.destroy(),
  );
  return {
    server,
    send: (calls = AT_ONCE) =>
      Promise.all(Array.from({ length: calls }, () => client.send(new GetSecretValueCommand({ SecretId: 'any' })))),
    freeze: (ms: number) => {
      time += ms;
    },
  };
};

describe('a client of AWS after a freeze', () => {
  it('uses no connection that did not answer for a minute', async () => {
    const { server, send, freeze } = await start();
    await send();
    freeze(KEEP_ALIVE_MS + 1);
    await send();
    expect([server.answered, server.connections]).toEqual([2 * AT_ONCE, 2 * AT_ONCE]);
  });

  it('reuses the connections that did', async () => {
    const { server, send, freeze } = await start();
    await send();
    freeze(59_999);
    await send();
    expect(server.connections).toBe(AT_ONCE);
  });

  it('drops idle connections, and lets a call in flight receive its answer', async () => {
    const { server, send, freeze } = await start();
    await send();
    const releaseAnswers = server.hold();
    const underWay = send(1);
    await vi.waitFor(() => expect(server.pending).toBe(1));
    freeze(KEEP_ALIVE_MS + 1);
    releaseAnswers();
    await underWay;
    await send();
    // The connection of the call in flight has just been used.
    expect([server.answered, server.connections]).toEqual([2 * AT_ONCE + 1, 2 * AT_ONCE - 1]);
  });

  it('uses none whose idle time is unknown because the clock was set back', async () => {
    const { server, send, freeze } = await start();
    await send(1);
    freeze(-1);
    await send(1);
    expect(server.connections).toBe(2);
  });
});

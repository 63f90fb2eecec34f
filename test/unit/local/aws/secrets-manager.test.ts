import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { ProtocolRequest } from '#local/aws/json-protocol.ts';
import { answerRequest } from '#local/aws/secrets-manager/http.ts';
import { createSecretsManager, type SecretsManagerOptions } from '#local/aws/secrets-manager/server.ts';
import { startSecretsManager } from '#test/support/secrets-manager.ts';

/** Parts that other emulators lack: time, faults, deliberate refusals, and inspection by a test. */

const DAY_MS = 86_400_000;

const setUp = (options: SecretsManagerOptions = {}) => {
  const world = { now: Date.UTC(2026, 0, 1) };
  const manager = createSecretsManager({ now: () => world.now, ...options });
  const create = (Name: string, more: Record<string, unknown> = {}) =>
    manager.handle('CreateSecret', { Name, ClientRequestToken: randomUUID(), SecretString: 'one', ...more });
  const names = (input: Record<string, unknown> = {}): unknown[] => {
    const { SecretList } = manager.handle('ListSecrets', input);
    return Array.isArray(SecretList) ? SecretList.map((entry) => entry.Name) : [];
  };
  return { world, manager, create, names };
};

describe('the server refuses', () => {
  test('an unknown action', () => {
    expect(() => setUp().manager.handle('RotateSecret', {})).toThrow('does not support the action RotateSecret');
  });

  test('an unknown field, even if AWS has it', () => {
    const { create } = setUp();
    expect(() => create('a', { AddReplicaRegions: [] })).toThrow(/AddReplicaRegions/);
  });

  test('a raw request without a token', () => {
    const { create } = setUp();
    expect(() => create('a', { ClientRequestToken: undefined })).toThrow('You must provide a ClientRequestToken');
  });

  test('text and bytes in one value', () => {
    const { create } = setUp();
    expect(() => create('a', { SecretBinary: 'AQ==' })).toThrow('both a binary secret value and a string');
  });

  test('too many, duplicate or reserved tags, and creates nothing', () => {
    const { create, names } = setUp();
    const tags = (count: number) => Array.from({ length: count }, (_, n) => ({ Key: `key-${n}`, Value: '' }));
    expect(() => create('a', { Tags: tags(51) })).toThrow('at most 50');
    expect(() => create('a', { Tags: [...tags(1), ...tags(1)] })).toThrow('Duplicate');
    expect(() => create('a', { Tags: [{ Key: 'aws:x', Value: '' }] })).toThrow('aws:');
    expect(names()).toEqual([]);
  });

  test('to quote a value in its messages', () => {
    const { create } = setUp();
    const value = 'canary'.repeat(20_000);
    expect(() => create('a', { SecretString: value })).toThrow(expect.not.stringContaining('canary'));
  });
});

describe('time', () => {
  test('ends a recovery window: the secret is gone and its name is free', () => {
    const { world, manager, create, names } = setUp();
    const { ARN } = create('a');
    manager.handle('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 7 });
    world.now += 7 * DAY_MS - 1;
    manager.handle('DescribeSecret', { SecretId: 'a' });
    world.now += 1;
    expect(names({ IncludePlannedDeletion: true })).toEqual([]);
    expect(() => manager.handle('RestoreSecret', { SecretId: 'a' })).toThrow("can't find the specified secret");
    const { ARN: newArn } = create('a');
    expect(newArn).not.toBe(ARN);
  });

  test('removes versions without labels beyond a hundred after a day', () => {
    const { world, manager, create } = setUp();
    create('a');
    const put = () =>
      manager.handle('PutSecretValue', { SecretId: 'a', ClientRequestToken: randomUUID(), SecretString: 'x' });
    const isMoreThanAPage = () => {
      const { NextToken } = manager.handle('ListSecretVersionIds', { SecretId: 'a', IncludeDeprecated: true });
      return NextToken !== undefined;
    };
    for (let n = 0; n < 120; n += 1) put();
    expect(isMoreThanAPage()).toBe(true);
    world.now += DAY_MS;
    put();
    expect(isMoreThanAPage()).toBe(false);
  });

  test('delays only the list, if a test asks for it', () => {
    const { world, manager, create, names } = setUp({ listLagMs: 60_000 });
    create('a', { Description: 'before' });
    manager.handle('DescribeSecret', { SecretId: 'a' });
    expect(names()).toEqual([]);
    world.now += 60_000;
    manager.handle('UpdateSecret', { SecretId: 'a', ClientRequestToken: randomUUID(), Description: 'after' });
    expect(names({ Filters: [{ Key: 'description', Values: ['before'] }] })).toEqual(['a']);
    world.now += 60_000;
    expect(names({ Filters: [{ Key: 'description', Values: ['after'] }] })).toEqual(['a']);
    manager.handle('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true });
    expect(names()).toEqual(['a']);
    world.now += 60_000;
    expect(names()).toEqual([]);
  });
});

describe('filters', () => {
  test.each([
    ['all', 'database', ['creds']],
    ['all', 'DATABASE', ['creds']],
    ['all', '!database', ['other']],
    ['primary-region', 'eu-', ['creds', 'other']],
    ['primary-region', 'us-', []],
    ['owning-service', 'rds', []],
    ['description', 'THE first', ['creds']],
    ['tag-value', 'Data', ['creds']],
    ['tag-value', 'data', []],
  ])('%s accepts %s: %j', (Key, value, expected) => {
    const { create, names } = setUp();
    create('creds', { Description: 'The first one', Tags: [{ Key: 'kind', Value: 'DataDatabase:892' }] });
    create('other');
    expect(names({ Filters: [{ Key, Values: [value] }] })).toEqual(expected);
  });
});

describe('a test can observe and control', () => {
  test('every call with its caller and result, counted by action, without a value', () => {
    const { manager, create } = setUp();
    create('a');
    expect(() => manager.handle('GetSecretValue', { SecretId: 'b' }, 'plan')).toThrow();
    expect(manager.calls).toMatchObject([
      { action: 'CreateSecret', secretId: 'a', caller: undefined, result: 'ok' },
      { action: 'GetSecretValue', secretId: 'b', caller: 'plan', result: 'ResourceNotFoundException' },
    ]);
    expect(manager.callCounts()).toEqual({ CreateSecret: 1, GetSecretValue: 1 });
    expect(JSON.stringify(manager.calls)).not.toContain('one');
    manager.forgetCalls();
    expect(manager.calls).toEqual([]);
  });

  test('the moves of AWSCURRENT, and the current values', () => {
    const { manager, create } = setUp();
    const { VersionId: first } = create('a');
    const { VersionId: second } = manager.handle('UpdateSecret', {
      SecretId: 'a',
      ClientRequestToken: randomUUID(),
      SecretString: 'two',
    });
    expect(manager.promotions('a')).toEqual([first, second]);
    expect(manager.currentValues()).toEqual({ a: 'two' });
  });

  test('a fault for one caller and a number of calls, before or after the effect', () => {
    const { manager, create } = setUp();
    manager.faults.denyAction('DescribeSecret', 'plan');
    manager.faults.add({ kind: 'throttle', action: 'DescribeSecret', caller: 'report', skip: 1, times: 1 });
    create('a');
    const describeAs = (caller: string) => () => manager.handle('DescribeSecret', { SecretId: 'a' }, caller);
    expect(describeAs('plan')).toThrow('not authorized');
    describeAs('report')();
    expect(describeAs('report')).toThrow('Rate exceeded');
    describeAs('report')();

    manager.faults.add({ kind: 'internal', action: 'CreateSecret', when: 'after' });
    expect(() => create('b')).toThrow('server side');
    manager.faults.clear();
    expect(manager.currentValues()).toHaveProperty('b');
  });
});

describe('the protocol', () => {
  const { manager } = setUp();
  const signed = {
    authorization: 'AWS4-HMAC-SHA256 Credential=plan/20260101/eu-central-1/secretsmanager/aws4_request',
  };
  const ask = (request: Partial<ProtocolRequest>) =>
    answerRequest(manager.handle, {
      method: 'POST',
      headers: { ...signed, 'x-amz-target': 'secretsmanager.DescribeSecret' },
      body: '{"SecretId":"absent"}',
      ...request,
    });

  test('returns errors by type in header and body, and a request id', () => {
    const answer = ask({});
    expect(answer.status).toBe(400);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-errortype': 'ResourceNotFoundException',
      'x-amzn-requestid': expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(JSON.parse(answer.body)).toEqual({
      __type: 'ResourceNotFoundException',
      Message: "Secrets Manager can't find the specified secret.",
    });
  });

  test.each([
    [
      'unsigned',
      { headers: { 'x-amz-target': 'secretsmanager.DescribeSecret' } },
      'MissingAuthenticationTokenException',
    ],
    [
      'for another service',
      { headers: { ...signed, 'x-amz-target': 'ssm.GetParameter' } },
      'UnknownOperationException',
    ],
    ['that is not JSON', { body: 'x' }, 'SerializationException'],
  ])('refuses a request %s', (_, request, code) => {
    expect(JSON.parse(ask(request).body)).toMatchObject({ __type: code });
  });

  test('breaks the connection for a fault', async () => {
    const running = await startSecretsManager();
    running.manager.faults.add({ kind: 'reset' });
    const read = running.connect().send(new GetSecretValueCommand({ SecretId: 'a' }));
    await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' });
    await running.close();
  });
});

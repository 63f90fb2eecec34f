import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { readBootstrapSecret } from '#shared/connections/password-safe/bootstrap-secret.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

type ReadSecret = ConnectionContext['readSecret'];

const NAME = 'pam/bootstrap';

const setUp = () => {
  const manager = createSecretsManager();
  const client = connectInProcess(manager);
  const readSecret: ReadSecret = (options) => readOperatorSecret({ client, ...options });
  return { manager, client, read: () => readBootstrapSecret(readSecret, { name: NAME, shape: '{"apiKey": "…"}' }) };
};

test('a bootstrap secret has a value and the version of that value', async () => {
  const { client, read } = setUp();
  const { VersionId } = await client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'content' }));
  const bootstrap = await read();
  expect(bootstrap.value.reveal()).toBe('content');
  expect(bootstrap.versionId).toBe(VersionId);
});

test('a bootstrap secret may begin with a byte order mark', async () => {
  const { client, read } = setUp();
  await client.send(new CreateSecretCommand({ Name: NAME, SecretString: '\uFEFF{}' }));
  expect((await read()).value.reveal()).toBe('{}');
});

test('a missing bootstrap secret is unusable, and the error contains the command that creates it', async () => {
  const failure = setUp().read();
  await expect(failure).rejects.toMatchObject({ name: 'BootstrapUnusable' });
  await expect(failure).rejects.toThrow(/aws secretsmanager create-secret --name pam\/bootstrap/);
  await expect(failure).rejects.toThrow('{"apiKey": "…"}');
});

test('a deleted bootstrap secret is unusable, and the error describes how to restore it', async () => {
  const { client, read } = setUp();
  await client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'content' }));
  await client.send(new DeleteSecretCommand({ SecretId: NAME }));
  await expect(read()).rejects.toThrow('aws secretsmanager restore-secret --secret-id pam/bootstrap');
});

test('a binary bootstrap secret is unusable', async () => {
  const { client, read } = setUp();
  await client.send(new CreateSecretCommand({ Name: NAME, SecretBinary: new Uint8Array([1]) }));
  await expect(read()).rejects.toMatchObject({ name: 'BootstrapUnusable' });
});

test('a bootstrap secret without permission is denied, and one that cannot be reached is unavailable', async () => {
  const { manager, read } = setUp();
  manager.faults.add({ kind: 'deny', times: 1 });
  await expect(read()).rejects.toMatchObject({ name: 'StoreDenied' });
  manager.faults.add({ kind: 'reset', times: 1 });
  await expect(read()).rejects.toMatchObject({ name: 'StoreUnavailable' });
});

import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { Fault } from '#local/aws/faults.ts';
import { Secret } from '#shared/secret.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { CANARY, delivery, NAME, OWNER, retire, setUp, stamp } from './aws-secrets-manager.scene.ts';

const collect = async (pages: AsyncIterable<readonly StoredSecret[]>) => {
  const all: StoredSecret[] = [];
  for await (const page of pages) all.push(...page);
  return all;
};
describe('listing', () => {
  test('returns secrets with exactly our owner tag, with their current versions, in pages of 100', async () => {
    const { manager, store, storeOf } = setUp();
    const names = Array.from({ length: 230 }, (_, index) => `prod/${index}`);
    for (const name of names) await store.deliver({ ...delivery(1), name });
    await storeOf(`${OWNER}2`).deliver({ ...delivery(1), name: 'prod/of-another-sync' });
    manager.forgetCalls();

    expect(await collect(store.list())).toEqual(names.map((name) => ({ name, stamp: stamp(1) })));
    expect(manager.callCounts()).toEqual({ ListSecrets: 3 });
  });

  test('returns no stamp for a secret without a current version, and omits retired secrets', async () => {
    const scene = setUp();
    const Tags = [{ Key: 'pam-relay:owner', Value: OWNER }];
    await scene.client.send(new CreateSecretCommand({ Name: 'empty', Tags }));
    await scene.store.deliver(delivery(1));
    await retire(scene);
    expect(await collect(scene.store.list())).toEqual([{ name: 'empty', stamp: undefined }]);
  });

  test('fails if it breaks off, instead of ending early', async () => {
    const { manager, store } = setUp();
    for (let n = 0; n < 150; n += 1) await store.deliver({ ...delivery(1), name: `prod/${n}` });
    manager.faults.add({ kind: 'throttle', action: 'ListSecrets', skip: 1 });
    await expect(collect(store.list())).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('inspecting', () => {
  test.each<[Fault, string]>([
    [{ kind: 'deny' }, 'StoreDenied'],
    [{ kind: 'throttle' }, 'StoreUnavailable'],
    [{ kind: 'internal' }, 'StoreUnavailable'],
    [{ kind: 'reset' }, 'StoreUnavailable'],
    [{ kind: 'reject', code: 'DecryptionFailure' }, 'StoreDenied'],
    [{ kind: 'reject', code: 'SomethingNewException' }, 'StoreRejected'],
  ])('never treats an error as absence: %j', async (fault, name) => {
    const { manager, store } = setUp();
    manager.faults.add(fault);
    await expect(store.inspect(NAME)).rejects.toMatchObject({ name });
  });
});

describe('comparing a value', () => {
  test('finds none in an empty secret', async () => {
    const { client, store } = setUp();
    await client.send(new CreateSecretCommand({ Name: NAME }));
    expect(await store.holds(NAME, new Secret(''))).toBe(false);
  });

  test.each<[Fault, string]>([
    [{ kind: 'deny' }, 'StoreDenied'],
    [{ kind: 'throttle' }, 'StoreUnavailable'],
    [{ kind: 'reject', code: 'DecryptionFailure' }, 'StoreDenied'],
  ])('never treats an error as another value: %j', async (fault, name) => {
    const { manager, store } = setUp();
    await store.deliver(delivery(1));
    manager.faults.add(fault);
    await expect(store.holds(NAME, new Secret(`${CANARY} of 1`))).rejects.toMatchObject({ name });
  });
});

describe('retiring', () => {
  test('schedules our own secret for deletion, once', async () => {
    const scene = setUp();
    await scene.store.deliver(delivery(1));
    await retire(scene);
    await retire(scene);
    expect(scene.manager.callCounts()).toMatchObject({ DeleteSecret: 1 });
  });

  test('does not treat a lost answer as a refusal', async () => {
    const scene = setUp();
    await scene.store.deliver(delivery(1));
    scene.client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'DeleteSecretCommand') await next(args);
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
    await retire(scene);
  });
});

test('the command that adopts a secret sets our owner tag, and is safe in a shell', () => {
  expect(setUp().store.adoption("prod/o'b")).toBe(
    `aws secretsmanager tag-resource --secret-id 'prod/o'\\''b' --tags '[{"Key":"pam-relay:owner","Value":"${OWNER}"}]'`,
  );
});

test('a foreign secret that is scheduled for deletion is refused with the command that restores it first', async () => {
  const { client, store } = setUp();
  await client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'theirs' }));
  await client.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 7 }));
  await expect(store.deliver(delivery(1))).rejects.toMatchObject({
    name: 'SecretForeign',
    message: expect.stringMatching(
      /is scheduled for deletion.*Wait until.*run: aws secretsmanager restore-secret --secret-id \S+ && aws secretsmanager tag-resource/,
    ),
  });
});

describe('an error', () => {
  test('names the action, the secret and the permissions to add', async () => {
    const { manager, store } = setUp();
    manager.faults.denyAction('CreateSecret');
    const denied = store.deliver(delivery(1));
    await expect(denied).rejects.toThrow(/CreateSecret on secret prod\/web01\/svc/);
    await expect(denied).rejects.toThrow(/secretsmanager:TagResource.*kms:GenerateDataKey/);
  });

  test('never repeats the message of AWS, which can quote a value', async () => {
    for (const code of ['ValidationException', 'InvalidRequestException', 'AccessDeniedException', 'NewException']) {
      const { manager, store } = setUp();
      manager.faults.add({ kind: 'reject', code, message: `Value '${CANARY}' at 'secretString' failed` });
      const error: unknown = await store.deliver(delivery(1)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ message: expect.not.stringContaining(CANARY) });
    }
  });

  test.each<[Fault['kind'], boolean]>([
    ['reset', true],
    ['internal', true],
    ['throttle', false],
    ['deny', false],
  ])('of kind %s states whether the call may have happened: %s', async (kind, mayHaveHappened) => {
    const { manager, store } = setUp();
    manager.faults.add({ kind });
    await expect(store.inspect(NAME)).rejects.toMatchObject({ mayHaveHappened });
  });

  test('states that credentials are missing', async () => {
    const { client, store } = setUp();
    client.config.credentials = () =>
      Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }));
    await expect(store.inspect(NAME)).rejects.toMatchObject({ name: 'StoreDenied' });
  });
});

import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/secrets-manager.ts';
import {
  CANARY,
  delivered,
  delivery,
  describeSecret,
  makeForeign,
  NAME,
  OWNER,
  retire,
  setUp,
  stamp,
} from './aws-secrets-manager.scene.ts';

describe('delivering a new secret', () => {
  test('takes two calls: creation under its stamp and a read', async () => {
    const { manager, store } = setUp();
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
    expect(manager.callCounts()).toEqual({ CreateSecret: 1, GetSecretValue: 1 });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('adds our owner tag, the description and the configured key', async () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/1';
    const scene = setUp({ kmsKeyArn });
    await scene.store.deliver(delivery(1));
    expect(await describeSecret(scene)).toMatchObject({
      KmsKeyId: kmsKeyArn,
      Description: 'svc on web01',
      Tags: [{ Key: 'pam-relay:owner', Value: OWNER }],
    });
  });

  test('that reads back with another value names the run that delivers it again', async () => {
    const { manager, store } = setUp();
    const client = connectInProcess(manager, { garbles: true });
    const garbled = createAwsSecretsManagerStore({ client, owner: OWNER });
    await expect(garbled.deliver(delivery(1))).rejects.toThrow(/AWS shows it to workloads already. A verify run/);
    expect(await store.deliver(delivery(2, 1))).toEqual(delivered(true));
  });

  test('twice results in one version', async () => {
    const { manager, store } = setUp();
    await store.deliver(delivery(1));
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
    expect(manager.promotions(NAME)).toEqual([stamp(1)]);
  });

  test('over a foreign secret that is scheduled for deletion is refused, and changes nothing', async () => {
    const scene = setUp();
    await makeForeign(scene);
    await scene.client.send(new DeleteSecretCommand({ SecretId: NAME }));
    await expect(scene.store.deliver(delivery(1))).rejects.toMatchObject({ name: 'SecretForeign' });
    expect((await describeSecret(scene)).DeletedDate).toBeDefined();
  });

  test.each(['absent', 'unstamped'] as const)(
    'into our own empty secret, expected to be %s, fills it',
    async (expected) => {
      const { client, manager, store } = setUp();
      await client.send(new CreateSecretCommand({ Name: NAME, Tags: [{ Key: 'pam-relay:owner', Value: OWNER }] }));
      expect(await store.deliver(delivery(1, expected))).toEqual(delivered(true));
      expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
    },
  );

  test('to a server that generates its own version id continues with a put under our id', async () => {
    const manager = createSecretsManager();
    const client = connectInProcess(manager);
    client.middlewareStack.add(
      (next, context) => (args) =>
        next(context.commandName === 'CreateSecretCommand' ? { ...args, input: withoutToken(args.input) } : args),
      { step: 'initialize' },
    );
    const store = createAwsSecretsManagerStore({ client, owner: OWNER });
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
    expect(await store.inspect(NAME)).toMatchObject({ stamp: stamp(1) });
  });
});

const withoutToken = <Input extends object>(input: Input): Input => ({ ...input, ClientRequestToken: undefined });

describe('delivering a changed secret', () => {
  const begin = async (options?: InProcessOptions) => {
    const scene = setUp(options);
    await scene.store.deliver(delivery(1));
    scene.manager.forgetCalls();
    return scene;
  };

  test('takes three calls: put, read back and promote; and keeps the previous version', async () => {
    const scene = await begin();
    expect(await scene.store.deliver(delivery(2, 1))).toEqual(delivered(true));
    expect(scene.manager.callCounts()).toEqual({ PutSecretValue: 1, GetSecretValue: 1, UpdateSecretVersionStage: 1 });
    expect((await describeSecret(scene)).VersionIdsToStages?.[stamp(1)]).toEqual(['AWSPREVIOUS']);
  });

  test('that is already current changes nothing', async () => {
    const { manager, store } = await begin();
    await store.deliver(delivery(2, 1));
    expect(await store.deliver(delivery(2, 1))).toEqual(delivered(false));
    expect(await store.deliver(delivery(2, 2))).toEqual(delivered(false));
    expect(manager.promotions(NAME)).toEqual([stamp(1), stamp(2)]);
  });

  test('with another value under the same stamp is superseded, with the reason', async () => {
    const { manager, store } = await begin();
    const other = { ...delivery(1, 1), value: new Secret('other') };
    await expect(store.deliver(other)).rejects.toThrow('already holds another value');
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('that was retired since is restored first', async () => {
    const scene = await begin();
    await retire(scene);
    await scene.store.deliver(delivery(2, 1));
    expect(await scene.store.inspect(NAME)).toEqual({
      kind: 'owned',
      stamp: stamp(2),
      retired: false,
    });
  });

  test('that was deleted since is superseded', async () => {
    const { client, store } = await begin();
    await client.send(new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }));
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'DeliverySuperseded' });
  });

  test('counts as current if its promotion succeeded but the answer was lost', async () => {
    const { client, manager, store } = await begin();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'UpdateSecretVersionStageCommand') await next(args);
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
    expect(await store.deliver(delivery(2, 1))).toEqual(delivered(false));
    expect(manager.promotions(NAME)).toEqual([stamp(1), stamp(2)]);
  });

  test('that reads back with another value is not promoted', async () => {
    const { manager, client, store } = await begin();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === 'GetSecretValueCommand') Object.assign(answer.output, { SecretString: 'garbled' });
        return answer;
      },
      { step: 'initialize' },
    );
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'DeliveryUnverified', retryable: true });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('to a server that generates its own version ids is rejected', async () => {
    const { client, store } = await begin();
    client.middlewareStack.add((next) => (args) => next({ ...args, input: withoutToken(args.input) }), {
      step: 'initialize',
    });
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'StoreRejected' });
  });
});

describe('a value that Secrets Manager cannot store', () => {
  test.each([
    ['one byte over the limit', 'x'.repeat(65_537), 'ValueTooLarge'],
    ['over the limit in bytes though not in characters', `${'é'.repeat(32_768)}x`, 'ValueTooLarge'],
    ['half of a surrogate pair', `${CANARY}\ud800`, 'ValueNotText'],
    ['nothing', '', 'ValueNotText'],
  ])('is refused before any call: %s', async (_, value, name) => {
    const { manager, store } = setUp();
    await expect(store.deliver({ ...delivery(1), value: new Secret(value) })).rejects.toMatchObject({ name });
    expect(manager.calls).toEqual([]);
  });
});

describe('delivering bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const base64 = Buffer.from(bytes).toString('base64');
  const file = (value: Uint8Array, generation = 1, expected?: number) => ({
    ...delivery(generation, expected),
    value: new Secret(value),
  });

  test('never promotes another value, not even a text with the same letters', async () => {
    const { manager, client, store } = setUp();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === 'GetSecretValueCommand') {
          Object.assign(answer.output, { SecretBinary: undefined, SecretString: base64 });
        }
        return answer;
      },
      { step: 'initialize' },
    );
    await expect(store.deliver(file(bytes))).rejects.toMatchObject({ name: 'DeliveryUnverified' });
    expect(manager.callCounts()).toEqual({ CreateSecret: 1, GetSecretValue: 1 });
  });

  test('accepts up to 65,536 bytes, but not more and not none', async () => {
    const { store } = setUp();
    await store.deliver(file(new Uint8Array(65_536).fill(255)));
    await expect(store.deliver(file(new Uint8Array(65_537), 2, 1))).rejects.toMatchObject({ name: 'ValueTooLarge' });
    await expect(store.deliver(file(new Uint8Array(), 2, 1))).rejects.toMatchObject({ name: 'ValueNotText' });
  });
});

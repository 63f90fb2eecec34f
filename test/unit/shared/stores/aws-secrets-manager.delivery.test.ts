import { CreateSecretCommand, DeleteSecretCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/secrets-manager.ts';
import {
  CANARY,
  delivery,
  describeSecret,
  makeForeign,
  NAME,
  OWNER,
  retire,
  setUp,
  versionId,
} from './aws-secrets-manager.scene.ts';

describe('delivering a new secret', () => {
  test('takes two calls: it is created under our version id and read back', async () => {
    const { manager, store } = setUp();
    expect(await store.deliver(delivery(1))).toEqual({ versionId: versionId(1), changed: true });
    expect(manager.callCounts()).toEqual({ CreateSecret: 1, GetSecretValue: 1 });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('gives it our owner tag, the description and the configured key', async () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/1';
    const scene = setUp({ kmsKeyArn });
    await scene.store.deliver(delivery(1));
    expect(await describeSecret(scene)).toMatchObject({
      KmsKeyId: kmsKeyArn,
      Description: 'svc on web01',
      Tags: [{ Key: 'pam-relay:owner', Value: OWNER }],
    });
  });

  test('twice leaves one version', async () => {
    const { manager, store } = setUp();
    await store.deliver(delivery(1));
    expect(await store.deliver(delivery(1))).toEqual({ versionId: versionId(1), changed: true });
    expect(manager.promotions(NAME)).toEqual([versionId(1)]);
  });

  test('over a foreign secret is refused with the command that hands it over, and works after it was run', async () => {
    const scene = setUp();
    await makeForeign(scene);
    const refused = scene.store.deliver(delivery(1));
    await expect(refused).rejects.toMatchObject({ name: 'SecretForeign' });
    await expect(refused).rejects.toThrow(scene.store.adoptCommand(NAME));
    expect(scene.manager.currentValues()).toEqual({ [NAME]: 'theirs' });

    await scene.client.send(
      new TagResourceCommand({ SecretId: NAME, Tags: [{ Key: 'pam-relay:owner', Value: OWNER }] }),
    );
    const presence = await scene.store.inspect(NAME);
    const replaces = presence.kind === 'owned' ? presence.currentVersionId : undefined;
    await scene.store.deliver({ ...delivery(1), replaces });
    expect(scene.manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('over the secret of another sync is refused', async () => {
    const { store, storeOf } = setUp();
    await storeOf(`${OWNER}-2`).deliver(delivery(1));
    await expect(store.deliver(delivery(2))).rejects.toMatchObject({ name: 'SecretForeign' });
  });

  test('over a foreign secret that is scheduled for deletion is refused, and leaves it scheduled', async () => {
    const scene = setUp();
    await makeForeign(scene);
    await scene.client.send(new DeleteSecretCommand({ SecretId: NAME }));
    await expect(scene.store.deliver(delivery(1))).rejects.toMatchObject({ name: 'SecretForeign' });
    expect((await describeSecret(scene)).DeletedDate).toBeDefined();
  });

  test('into an empty secret of ours fills it', async () => {
    const { client, manager, store } = setUp();
    await client.send(new CreateSecretCommand({ Name: NAME, Tags: [{ Key: 'pam-relay:owner', Value: OWNER }] }));
    expect(await store.deliver(delivery(1))).toEqual({ versionId: versionId(1), changed: true });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('that somebody of ours made meanwhile is superseded, and leaves theirs', async () => {
    const { manager, store } = setUp();
    await store.deliver(delivery(2));
    await expect(store.deliver(delivery(1))).rejects.toMatchObject({ name: 'DeliverySuperseded' });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 2` });
  });

  test('to a server that makes up its own version id goes on with a put under ours', async () => {
    const manager = createSecretsManager();
    const client = connectInProcess(manager);
    client.middlewareStack.add(
      (next, context) => (args) =>
        next(context.commandName === 'CreateSecretCommand' ? { ...args, input: withoutToken(args.input) } : args),
      { step: 'initialize' },
    );
    const store = createAwsSecretsManagerStore({ client, owner: OWNER });
    expect(await store.deliver(delivery(1))).toEqual({ versionId: versionId(1), changed: true });
    expect(await store.inspect(NAME)).toMatchObject({ currentVersionId: versionId(1) });
  });
});

const withoutToken = <Input extends object>(input: Input): Input => ({ ...input, ClientRequestToken: undefined });

describe('delivering a changed secret', () => {
  const delivered = async (options?: InProcessOptions) => {
    const scene = setUp(options);
    await scene.store.deliver(delivery(1));
    scene.manager.forgetCalls();
    return scene;
  };

  test('takes three calls: put, read back, promote; and keeps the one before as previous', async () => {
    const scene = await delivered();
    expect(await scene.store.deliver(delivery(2, 1))).toEqual({ versionId: versionId(2), changed: true });
    expect(scene.manager.callCounts()).toEqual({ PutSecretValue: 1, GetSecretValue: 1, UpdateSecretVersionStage: 1 });
    expect((await describeSecret(scene)).VersionIdsToStages?.[versionId(1)]).toEqual(['AWSPREVIOUS']);
  });

  test('that is current already changes nothing', async () => {
    const { manager, store } = await delivered();
    await store.deliver(delivery(2, 1));
    expect(await store.deliver(delivery(2, 1))).toEqual({ versionId: versionId(2), changed: false });
    expect(await store.deliver(delivery(2, 2))).toEqual({ versionId: versionId(2), changed: false });
    expect(manager.promotions(NAME)).toEqual([versionId(1), versionId(2)]);
  });

  test('behind a fence that no longer stands is superseded, and does not block the next delivery', async () => {
    const { manager, store } = await delivered();
    await store.deliver(delivery(3, 1));
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'DeliverySuperseded', retryable: true });
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 3` });
    await store.deliver(delivery(4, 3));
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 4` });
  });

  test('with another value under the same version id is superseded, and says why', async () => {
    const { manager, store } = await delivered();
    const other = { ...delivery(1, 1), value: new Secret('other') };
    await expect(store.deliver(other)).rejects.toThrow('holds another value already');
    expect(manager.currentValues()).toEqual({ [NAME]: `${CANARY} of 1` });
  });

  test('that was retired since is restored first', async () => {
    const scene = await delivered();
    await retire(scene);
    await scene.store.deliver(delivery(2, 1));
    expect(await scene.store.inspect(NAME)).toEqual({
      kind: 'owned',
      currentVersionId: versionId(2),
      retired: false,
    });
  });

  test('that was retired and whose deliverer knew of no version is restored and brought up to date', async () => {
    const scene = await delivered();
    await retire(scene);
    await scene.store.deliver(delivery(2));
    expect(await scene.store.inspect(NAME)).toMatchObject({ currentVersionId: versionId(2), retired: false });
  });

  test('that was deleted since is superseded', async () => {
    const { client, store } = await delivered();
    await client.send(new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }));
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'DeliverySuperseded' });
  });

  test('whose promotion succeeded although its answer got lost counts as current', async () => {
    const { client, manager, store } = await delivered();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'UpdateSecretVersionStageCommand') await next(args);
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
    expect(await store.deliver(delivery(2, 1))).toEqual({ versionId: versionId(2), changed: false });
    expect(manager.promotions(NAME)).toEqual([versionId(1), versionId(2)]);
  });

  test('that reads back otherwise is not promoted', async () => {
    const { manager, client, store } = await delivered();
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

  test('to a server that makes up its own version ids is rejected', async () => {
    const { client, store } = await delivered();
    client.middlewareStack.add((next) => (args) => next({ ...args, input: withoutToken(args.input) }), {
      step: 'initialize',
    });
    await expect(store.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'StoreRejected' });
  });
});

describe('a value that Secrets Manager cannot hold', () => {
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

  test('is none of 65,536 bytes', async () => {
    const { manager, store } = setUp();
    const value = 'é'.repeat(32_768);
    await store.deliver({ ...delivery(1), value: new Secret(value) });
    expect(manager.currentValues()).toEqual({ [NAME]: value });
  });
});

describe('delivering bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const base64 = Buffer.from(bytes).toString('base64');
  const file = (value: Uint8Array, generation = 1, replaces?: number) => ({
    ...delivery(generation, replaces),
    value: new Secret(value),
  });

  test('keeps them as they are, in a new secret and in one that changes', async () => {
    const { manager, store } = setUp();
    await store.deliver(delivery(1));
    await store.deliver(file(bytes, 2, 1));
    expect(manager.currentValues()).toEqual({ [NAME]: base64 });
    expect((await store.readCurrent(NAME))?.equals(new Secret(bytes))).toBe(true);
    await store.retire(NAME, 7);
    await store.deliver(file(bytes.toReversed(), 3));
    expect(manager.currentValues()).toEqual({ [NAME]: Buffer.from(bytes.toReversed()).toString('base64') });
  });

  test('never promotes what reads back otherwise, a text of the same letters included', async () => {
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

  test('takes 65,536 of them, and refuses one more, or none', async () => {
    const { store } = setUp();
    await store.deliver(file(new Uint8Array(65_536).fill(255)));
    await expect(store.deliver(file(new Uint8Array(65_537), 2, 1))).rejects.toMatchObject({ name: 'ValueTooLarge' });
    await expect(store.deliver(file(new Uint8Array(), 2, 1))).rejects.toMatchObject({ name: 'ValueNotText' });
  });
});

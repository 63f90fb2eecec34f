import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, describe, expect, it } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { Delivered, Delivery } from '#shared/stores/store.ts';
import { startMinistack, startMoto } from './support/emulators.ts';

const ministack = await startMinistack();
afterAll(() => ministack.close());
const moto = await startMoto();
afterAll(() => moto.close());

const stamp = (generation: number): Stamp => String(generation).padStart(64, '0');
const CHANGED: Delivered = { changed: true, verified: 'read-back' };

/** A store, and a secret name of its own. The value and the stamp of a delivery derive from its generation. */
const setUp = (endpoint: string) => {
  const client = new SecretsManagerClient({ ...localClientConfig(endpoint), maxAttempts: 1 });
  const owner = `relay.000000000000.us-east-1/${randomUUID()}`;
  const name = `prod/${randomUUID()}/svc`;
  const store = createAwsSecretsManagerStore({ client, owner });
  const delivery = (generation: number, replaced?: number): Delivery => ({
    name,
    value: new Secret(`value of ${generation}`),
    stamp: stamp(generation),
    expected: replaced === undefined ? 'absent' : { stamp: stamp(replaced) },
    description: 'svc on web01',
  });
  return {
    client,
    owner,
    name,
    store,
    delivery,
    deliver: (generation: number, replaced?: number) => store.deliver(delivery(generation, replaced)),
    current: async () =>
      (await client.send(new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' }))).SecretString,
    listed: async () => {
      const secrets = [];
      for await (const page of store.list()) secrets.push(...page);
      return secrets;
    },
  };
};

describe.each([
  ['ministack', ministack],
  ['moto', moto],
])('the store on %s', (_name, { endpoint }) => {
  it('delivers a new secret under our stamp, even if the server generates version ids, and lists it as ours', async () => {
    const { name, deliver, current, listed } = setUp(endpoint);
    expect(await deliver(1)).toEqual(CHANGED);
    expect(await current()).toBe('value of 1');
    expect(await listed()).toEqual([{ name, stamp: stamp(1) }]);
  });

  it('delivers change after change', async () => {
    const { deliver, current, listed } = setUp(endpoint);
    await deliver(1);
    for (const generation of [2, 3, 4]) {
      expect(await deliver(generation, generation - 1)).toEqual(CHANGED);
      expect(await current()).toBe(`value of ${generation}`);
    }
    expect(await listed()).toMatchObject([{ stamp: stamp(4) }]);
  });

  it('keeps an older generation from replacing a newer one', async () => {
    const { deliver, current } = setUp(endpoint);
    await deliver(1);
    await deliver(3, 1);
    await expect(deliver(2, 1)).rejects.toMatchObject({ name: 'DeliverySuperseded' });
    expect(await current()).toBe('value of 3');
    await deliver(4, 3);
    expect(await current()).toBe('value of 4');
  });

  it.each([
    ['whose answer was lost', 1, 'value of 2'],
    ['of a value that is known to be current', 2, 'value of 2'],
    ['of another value under the same stamp', 2, 'another value'],
  ])(
    'never mistakes a repeated delivery %s for a completed one, even if the server ignores tokens',
    async (_what, replaced, value) => {
      const { client, name, store, delivery, deliver, current } = setUp(endpoint);
      await deliver(1);
      await deliver(2, 1);
      const again = { ...delivery(2, replaced), value: new Secret(value) };
      const [outcome] = await Promise.allSettled([store.deliver(again)]);
      if (outcome.status === 'fulfilled') expect(await current()).toBe(value);
      else expect(outcome.reason).toMatchObject({ name: 'DeliverySuperseded', retryable: true });
      const version = await client.send(new GetSecretValueCommand({ SecretId: name, VersionId: stamp(2) }));
      expect(version.SecretString).toBe(value);
    },
  );

  it('refuses a foreign secret until the adoption command is run', async () => {
    const { client, owner, name, store, delivery, deliver, current, listed } = setUp(endpoint);
    await client.send(new CreateSecretCommand({ Name: name, SecretString: 'theirs' }));
    await expect(deliver(1)).rejects.toMatchObject({ name: 'SecretForeign' });
    expect(await store.retire(name, 7)).toBe(false);
    expect(await current()).toBe('theirs');
    expect(await listed()).toEqual([]);

    expect(store.adoption(name)).toContain(JSON.stringify([{ Key: OWNER_TAG, Value: owner }]));
    await client.send(new TagResourceCommand({ SecretId: name, Tags: [{ Key: OWNER_TAG, Value: owner }] }));
    const adopted = await store.inspect(name);
    if (adopted.kind !== 'owned' || adopted.stamp === undefined) throw new Error('The secret was not adopted.');
    await store.deliver({ ...delivery(1), expected: { stamp: adopted.stamp } });
    expect(await current()).toBe('value of 1');
  });

  it('retires a secret once, and no longer lists it', async () => {
    const { name, store, deliver, listed } = setUp(endpoint);
    await deliver(1);
    for (const _ of [1, 2]) expect(await store.retire(name, 7)).toBe(true);
    expect(await store.inspect(name)).toMatchObject({ kind: 'owned', retired: true });
    expect(await listed()).toEqual([]);
  });
});

describe('the store on ministack, which refuses writes to a secret that is scheduled for deletion', () => {
  it('restores a retired secret with the next delivery', async () => {
    const { name, store, deliver, current } = setUp(ministack.endpoint);
    await deliver(1);
    await store.retire(name, 7);
    await deliver(2, 1);
    expect(await store.inspect(name)).toMatchObject({ stamp: stamp(2), retired: false });
    expect(await current()).toBe('value of 2');
  });
});

import {
  CreateSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import type { Delivery, SecretStore } from '#shared/stores/store.ts';
import type { InProcessOptions } from '#test/support/secrets-manager.ts';
import { type StoreSite, stamp } from './store-scene.ts';

export const HERE = '000000000000';

/** Waits for AWS to remove a replica take no time. */
export const noWait = async (): Promise<void> => {};

/** Acts for an operator of the account of the secrets. */
export const operatorOf = (client: SecretsManagerClient): Pick<StoreSite, 'makeForeign' | 'adopt' | 'valueOf'> => ({
  async makeForeign(name, value) {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  },
  async adopt(name, owner) {
    await client.send(new TagResourceCommand({ SecretId: name, Tags: [{ Key: OWNER_TAG, Value: owner }] }));
  },
  async valueOf(name) {
    try {
      const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      return SecretString ?? SecretBinary;
    } catch (error) {
      if (error instanceof ResourceNotFoundException || error instanceof InvalidRequestException) return undefined;
      throw error;
    }
  },
});

/** The connections whose calls are wrapped, and whose values are changed on the way. */
export const interceptedBy = (
  connectWith: (options: InProcessOptions, owner: string) => SecretStore,
): Pick<StoreSite, 'connectThrough' | 'connectGarbled'> => ({
  connectThrough: (owner, around) => connectWith({ around }, owner),
  connectGarbled: (owner) => connectWith({ garbles: true }, owner),
});

export const delivery = (generation: number, name: string): Omit<Delivery, 'expected'> => ({
  name,
  value: new Secret(`value of ${generation}`),
  stamp: stamp(generation),
  description: 'svc on web01',
});

import { CreateSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { Delivered, Delivery, Expected } from '#shared/stores/store.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/secrets-manager.ts';

export const OWNER = 'relay.000000000000.eu-central-1/web';
export const NAME = 'prod/web01/svc';
export const CANARY = 'canary-3f1c';

export const setUp = (options: InProcessOptions & { kmsKeyArn?: string } = {}) => {
  const manager = createSecretsManager();
  const client = connectInProcess(manager, options);
  const storeOf = (owner: string) => createAwsSecretsManagerStore({ client, owner, kmsKeyArn: options.kmsKeyArn });
  return { manager, client, storeOf, store: storeOf(OWNER) };
};
export type Scene = ReturnType<typeof setUp>;

export const stamp = (generation: number): Stamp => String(generation).padStart(64, '0');
/** A delivery of a generation, decided on another one, or on an absent secret. */
export const delivery = (generation: number, expected: number | Exclude<Expected, object> = 'absent'): Delivery => ({
  name: NAME,
  value: new Secret(`${CANARY} of ${generation}`),
  stamp: stamp(generation),
  expected: typeof expected === 'number' ? { stamp: stamp(expected) } : expected,
  description: 'svc on web01',
});
export const delivered = (changed: boolean): Delivered => ({ changed, verified: 'read-back' });
export const describeSecret = ({ client }: Scene) => client.send(new DescribeSecretCommand({ SecretId: NAME }));
export const retire = async ({ store }: Scene) => expect(await store.retire(NAME, 7)).toBe(true);
export const makeForeign = ({ client }: Scene, value = 'theirs') =>
  client.send(new CreateSecretCommand({ Name: NAME, SecretString: value }));

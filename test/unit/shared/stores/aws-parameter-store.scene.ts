import { PutParameterCommand, type PutParameterCommandInput } from '@aws-sdk/client-ssm';
import { createParameterStore, type ParameterStore, type ParameterStoreOptions } from '#local/aws/ssm/server.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { type AwsParameterStoreOptions, createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import type { Delivered, Delivery, Expected } from '#shared/stores/store.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/parameter-store.ts';

export const OWNER = 'relay.000000000000.eu-central-1/web';
export const NAME = '/prod/web01/svc';
export const CANARY = 'canary-3f1c';

export const stamp = (generation: number): Stamp => String(generation).padStart(64, '0');
export const valueFor = (generation: number): string => `${CANARY} of ${generation}`;

export const storeOn = (
  aws: ParameterStore,
  { caller, gate, maxAttempts, ...options }: InProcessOptions & Partial<Omit<AwsParameterStoreOptions, 'client'>> = {},
) =>
  createAwsParameterStore({ client: connectInProcess(aws, { caller, gate, maxAttempts }), owner: OWNER, ...options });

/** A delivery of a generation, decided on another one, or on an absent or unstamped parameter. */
export const delivery = (generation: number, expected: Expected | number = 'absent'): Delivery => ({
  name: NAME,
  value: new Secret<SecretContent>(valueFor(generation)),
  stamp: stamp(generation),
  expected: typeof expected === 'number' ? { stamp: stamp(expected) } : expected,
  description: 'svc on web01',
});
export const delivered = (changed: boolean): Delivered => ({ changed, verified: 'read-back' });

/** Parameter Store, a store in it, and another writer without tags. */
export const setUp = (options: ParameterStoreOptions = {}) => {
  const aws = createParameterStore(options);
  const client = connectInProcess(aws, { caller: 'operator' });
  const write = (input: Partial<PutParameterCommandInput>) =>
    client.send(new PutParameterCommand({ Name: NAME, Value: 'theirs', Type: 'SecureString', ...input }));
  return { aws, client, store: storeOn(aws), write, current: () => aws.currentValues()[NAME] };
};

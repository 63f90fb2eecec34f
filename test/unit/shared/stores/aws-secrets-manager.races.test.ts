import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSecretsManager, type SecretsManager } from '#local/aws/secrets-manager/server.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import type { Delivered, Delivery, Expected, SecretStore } from '#shared/stores/store.ts';
import { type Actor, interleave } from '#test/support/interleave.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/secrets-manager.ts';
import { NAME, OWNER, stamp } from './aws-secrets-manager.scene.ts';

const valueFor = (generation: number): string => `value of ${generation}`;
const storeOn = (manager: SecretsManager, options?: InProcessOptions): SecretStore =>
  createAwsSecretsManagerStore({ client: connectInProcess(manager, options), owner: OWNER });
const deliveryOf = (generation: number, expected: Expected): Delivery => ({
  name: NAME,
  value: new Secret(valueFor(generation)),
  stamp: stamp(generation),
  expected,
  description: 'svc on web01',
});
/** Current state of the secret, as a delivery expects it. */
const look = async (store: SecretStore): Promise<Expected> => {
  const presence = await store.inspect(NAME);
  if (presence.kind !== 'owned') return 'absent';
  return presence.stamp === undefined ? 'unstamped' : { stamp: presence.stamp };
};

/** Setups of the store before the first delivery. */
const STARTS: Readonly<Record<string, (manager: SecretsManager) => Promise<void>>> = {
  absent: async () => {},
  empty: async (manager) => {
    const Tags = [{ Key: 'pam-relay:owner', Value: OWNER }];
    await connectInProcess(manager).send(new CreateSecretCommand({ Name: NAME, Tags }));
  },
  delivered: async (manager) => {
    await storeOn(manager).deliver(deliveryOf(0, 'absent'));
  },
  retired: async (manager) => {
    await storeOn(manager).deliver(deliveryOf(0, 'absent'));
    await storeOn(manager).retire(NAME, 7);
  },
};
const starts = fc.constantFrom(...Object.keys(STARTS));
const started = async (start: string): Promise<SecretsManager> => {
  const manager = createSecretsManager();
  await STARTS[start]?.(manager);
  return manager;
};

/** Inspects, decides as a plan does, and delivers: a current secret that is not older is left alone. */
const deliverer =
  (manager: SecretsManager, generation: number): Actor<Delivered | undefined> =>
  async (gate) => {
    const store = storeOn(manager, { gate });
    const expected = await look(store);
    if (typeof expected !== 'string' && expected.stamp >= stamp(generation)) return undefined;
    return store.deliver(deliveryOf(generation, expected));
  };

const isSuperseded = (result: PromiseSettledResult<unknown>): boolean =>
  result.status === 'rejected' && result.reason instanceof RelayError && result.reason.name === 'DeliverySuperseded';

test('the second of two first deliveries leaves no value behind', async () => {
  const manager = createSecretsManager();
  const store = storeOn(manager);
  await store.deliver(deliveryOf(1, 'absent'));
  await expect(store.deliver(deliveryOf(2, 'absent'))).rejects.toMatchObject({ name: 'DeliverySuperseded' });
  expect(manager.callCounts()).not.toHaveProperty('PutSecretValue');
});

test('an older generation never replaces a newer one, whatever is delivered at the same time', async () => {
  const generations = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
  const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(starts, generations, choices, async (start, chosen, order) => {
      const manager = await started(start);
      const results = await interleave(
        chosen.map((generation) => deliverer(manager, generation)),
        order,
      );
      const promoted = manager.promotions(NAME);
      expect(promoted).toEqual([...new Set(promoted)].sort());
      expect(results.every((result) => result.status === 'fulfilled' || isSuperseded(result))).toBe(true);
      expect(results.some((result) => result.status === 'fulfilled')).toBe(true);

      expect(manager.currentValues()).toEqual({ [NAME]: valueFor(Number(promoted.at(-1))) });
    }),
    { numRuns: 150 },
  );
});

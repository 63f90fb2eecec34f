import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createParameterStore, type ParameterStore } from '#local/aws/ssm/server.ts';
import { RelayError } from '#shared/errors.ts';
import type { Delivered, Expected, SecretStore } from '#shared/stores/store.ts';
import { type Actor, interleave } from '#test/support/interleave.ts';
import { delivery, NAME, stamp, storeOn, valueFor } from './aws-parameter-store.scene.ts';

/** State of the parameter, as a delivery expects it. */
const look = async (store: SecretStore): Promise<Expected> => {
  const presence = await store.inspect(NAME);
  if (presence.kind !== 'owned') return 'absent';
  return presence.stamp === undefined ? 'unstamped' : { stamp: presence.stamp };
};

const started = async (isDelivered: boolean): Promise<ParameterStore> => {
  const aws = createParameterStore();
  if (isDelivered) await storeOn(aws).deliver(delivery(0));
  return aws;
};

/** Inspects, decides as a plan does, and delivers: a current value that is not older is left alone. */
const deliverer =
  (aws: ParameterStore, generation: number): Actor<Delivered | undefined> =>
  async (gate) => {
    const store = storeOn(aws, { gate });
    const expected = await look(store);
    if (typeof expected !== 'string' && expected.stamp >= stamp(generation)) return undefined;
    return store.deliver(delivery(generation, expected));
  };

/** A stamp in the store always belongs to the value there. */
const expectHonest = async (aws: ParameterStore): Promise<void> => {
  const expected = await look(storeOn(aws));
  if (typeof expected === 'string') return;
  expect(aws.currentValues()[NAME]).toBe(valueFor(Number(expected.stamp)));
};

const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 });

test('after any race the stamp belongs to the value, and the next run delivers the newest generation', async () => {
  const generations = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), generations, choices, async (isDelivered, chosen, order) => {
      const aws = await started(isDelivered);
      const results = await interleave(
        chosen.map((generation) => deliverer(aws, generation)),
        order,
      );
      for (const result of results) {
        if (result.status === 'fulfilled') continue;
        expect(result.reason).toBeInstanceOf(RelayError);
        expect(result.reason).toMatchObject({ name: 'DeliverySuperseded' });
      }
      await expectHonest(aws);
      const newest = Math.max(...chosen);
      await deliverer(aws, newest)(async () => {});
      expect(aws.currentValues()).toEqual({ [NAME]: valueFor(newest) });
    }),
    { numRuns: 40 },
  );
});

test('a delivery that is cut off at any call, before or after its effect, is completed by a repetition', async () => {
  const moments = fc.constantFrom<'before' | 'after'>('before', 'after');
  const cuts = fc.record({ skip: fc.nat(5), times: fc.integer({ min: 1, max: 3 }), when: moments });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), cuts, fc.boolean(), async (isDelivered, cut, looksAgain) => {
      const aws = await started(isDelivered);
      const store = storeOn(aws);
      const decided = delivery(1, await look(store));
      aws.faults.add({ kind: 'reset', ...cut });
      await store.deliver(decided).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'StoreUnavailable', mayHaveHappened: true });
      });
      aws.faults.clear();
      await expectHonest(aws);
      const again = looksAgain ? delivery(1, await look(store)) : decided;
      expect(await store.deliver(again)).toMatchObject({ verified: 'read-back' });
      expect(await store.inspect(NAME)).toEqual({ kind: 'owned', stamp: stamp(1), retired: false });
      expect(aws.currentValues()).toEqual({ [NAME]: valueFor(1) });
    }),
    { numRuns: 40 },
  );
});

import { expect } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { collect, look, refusalOf, type StoreScene, stamp, textOf } from './store-scene.ts';

/** Part of the store suite: deliveries in sequence, and competing ones. */
export const describeDeliveries = ({ rules, verified, site, aSecret, group, check }: StoreScene): void => {
  group('delivering', () => {
    check('creates a secret under a free name, and returns how it was verified', async () => {
      const { name, store, deliver, value } = aSecret();
      expect(await store.inspect(name)).toEqual({ kind: 'absent' });
      expect(await deliver(1, 'absent')).toEqual({ changed: true, verified });
      expect(await value()).toBe(textOf(1));
      expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: stamp(1), retired: false });
    });

    check('replaces one value after the other', async () => {
      const { store, deliver, value } = aSecret();
      await deliver(1, 'absent');
      for (const generation of [2, 3, 4]) {
        expect(await deliver(generation, generation - 1)).toEqual({ changed: true, verified });
        expect(await value()).toBe(textOf(generation));
      }
      expect(await collect(store)).toMatchObject([{ stamp: stamp(4) }]);
    });

    check('twice changes nothing', async () => {
      const { name, store, deliver, value } = aSecret();
      await deliver(1, 'absent');
      const versions = await site().readable?.(name);
      await deliver(1, 'absent');
      expect(await deliver(1, 1)).toEqual({ changed: false, verified });
      expect(await value()).toBe(textOf(1));
      expect(await store.inspect(name)).toMatchObject({ stamp: stamp(1) });
      expect(await site().readable?.(name)).toEqual(versions);
    });

    if (rules.readable)
      check('notices a value that the store has not kept', async ({ skip }) => {
        const { connectGarbled } = site();
        if (connectGarbled === undefined) return skip('the bench cannot garble values');
        const { owner, store, delivery, deliver, name } = aSecret();
        const garbled = connectGarbled(owner);
        expect(await refusalOf(garbled.deliver(delivery(1, 'absent')))).toMatchObject({ name: 'DeliveryUnverified' });
        await deliver(2, await look(store, name));
        expect(await refusalOf(garbled.deliver(delivery(3, 2)))).toMatchObject({ name: 'DeliveryUnverified' });
        // Otherwise the next run would take the delivery for done.
        expect(await look(store, name)).not.toEqual({ stamp: stamp(3) });
      });

    check('writes nothing once it was called off', async () => {
      const { store, delivery, deliver, value } = aSecret();
      const calledOff = new RelayError('LeaseGone', 'The checkout has ended.');
      const beforeWrite = async () => {
        throw calledOff;
      };
      expect(await refusalOf(store.deliver({ ...delivery(1, 'absent'), beforeWrite }))).toBe(calledOff);
      expect(await value()).toBeUndefined();
      await deliver(1, 'absent');
      expect(await refusalOf(store.deliver({ ...delivery(2, 1), beforeWrite }))).toBe(calledOff);
      expect(await value()).toBe(textOf(1));
    });

    check('asks before each write, and then delivers', async () => {
      const { store, delivery, value } = aSecret();
      let asked = 0;
      const beforeWrite = async () => {
        asked++;
      };
      await store.deliver({ ...delivery(1, 'absent'), beforeWrite });
      expect(asked).toBeGreaterThanOrEqual(1);
      const before = asked;
      await store.deliver({ ...delivery(2, 1), beforeWrite });
      expect(asked).toBeGreaterThan(before);
      expect(await value()).toBe(textOf(2));
    });
  });

  group('a delivery that was overtaken', () => {
    /** The expectation of a late delivery, and the deliveries that preceded it. */
    const CASES = {
      'by the first delivery of all': { decided: 'absent', before: [], disturbance: [[2, 'absent']] },
      'by a newer value': { decided: 1, before: [[1, 'absent']], disturbance: [[3, 1]] },
      'by two newer values': {
        decided: 1,
        before: [[1, 'absent']],
        disturbance: [
          [3, 1],
          [4, 3],
        ],
      },
    } as const;

    for (const [how, { decided, before, disturbance }] of Object.entries(CASES))
      check(how, async () => {
        const { name, store, delivery, deliver, value } = aSecret();
        for (const [generation, expected] of [...before, ...disturbance]) await deliver(generation, expected);
        const [newest = 0] = disturbance.at(-1) ?? [];
        const late = store.deliver({ ...delivery(1, decided), stamp: stamp(9) });
        if (rules.fence === 'none') {
          expect(await late).toMatchObject({ changed: true });
          expect(await value()).toBe(textOf(1));
          return;
        }
        expect(await refusalOf(late)).toMatchObject({ name: 'DeliverySuperseded', retryable: true });
        if (rules.fence === 'after') return;
        expect(await value()).toBe(textOf(newest));
        expect(await store.inspect(name)).toMatchObject({ stamp: stamp(newest) });
        await deliver(newest + 1, newest);
        expect(await value()).toBe(textOf(newest + 1));
      });
  });
};

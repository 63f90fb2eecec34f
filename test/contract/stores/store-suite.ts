import { describe, expect, test } from 'vitest';
import { Secret } from '#shared/secret.ts';
import { describeDeliveries } from './store-deliveries.ts';
import { describeLimits } from './store-limits.ts';
import {
  collect,
  RECOVERY_DAYS,
  refusalOf,
  type StoreBench,
  type StoreScene,
  stamp,
  textOf,
  useScene,
} from './store-scene.ts';

/** Checks a type of store against the port, as far as its rules promise. */
export const describeStore = (title: string, bench: StoreBench): void => {
  describe(title, () => {
    const scene = useScene(bench);
    describeDeliveries(scene);
    describeOwnership(scene);
    describeLimits(scene);
  });
};

/** Part of the store suite: ownership, comparison and retirement of existing secrets. */
const describeOwnership = ({ rules, verified, site, aSecret }: StoreScene): void => {
  describe('a foreign secret', () => {
    test('is left alone, and refused with the command that hands it over, which does so', async () => {
      const { name, owner, store, deliver, value } = aSecret();
      await site().makeForeign(name, 'theirs');
      expect(await store.inspect(name)).toEqual({ kind: 'foreign' });
      const refusal = await refusalOf(deliver(1, 'absent'));
      expect(refusal).toMatchObject({ name: 'SecretForeign', retryable: false });
      expect(refusal.message).toContain(name);
      expect(refusal.message).toContain(store.adoption(name));
      expect(await store.retire(name, RECOVERY_DAYS)).toBe(false);
      expect(await value()).toBe('theirs');
      expect(await collect(store)).toEqual([]);

      await site().adopt(name, owner);
      const adopted = await store.inspect(name);
      if (adopted.kind !== 'owned') throw new Error('The secret was not handed over.');
      await deliver(1, adopted.stamp === undefined ? 'unstamped' : { stamp: adopted.stamp });
      expect(await value()).toBe(textOf(1));
      expect(await collect(store)).toEqual([{ name, stamp: stamp(1) }]);
    });

    test('is that of another owner, too', async () => {
      const { name, owner, deliver, value } = aSecret();
      await deliver(1, 'absent');
      const other = site().connect(`${owner}-other`);
      expect(await other.inspect(name)).toEqual({ kind: 'foreign' });
      const theirs = { name, value: new Secret(textOf(2)), stamp: stamp(2), description: 'svc on web01' };
      expect(await refusalOf(other.deliver({ ...theirs, expected: 'absent' }))).toMatchObject({
        name: 'SecretForeign',
      });
      expect(await other.retire(name, RECOVERY_DAYS)).toBe(false);
      expect(await value()).toBe(textOf(1));
    });
  });

  describe('retiring', () => {
    test('does nothing to an absent secret', async () => {
      const { name, store } = aSecret();
      expect(await store.retire(name, RECOVERY_DAYS)).toBe(false);
    });

    test('removes a secret, changes nothing when repeated, and the next delivery restores it', async () => {
      const { name, store, deliver, value } = aSecret();
      const isKept = rules.recovery !== 'none';
      await deliver(1, 'absent');
      expect(await store.retire(name, RECOVERY_DAYS)).toBe(true);
      expect(await store.retire(name, RECOVERY_DAYS)).toBe(isKept);
      expect(await collect(store)).toEqual([]);
      expect(await value()).toBeUndefined();
      expect(await store.inspect(name)).toEqual(
        isKept ? { kind: 'owned', stamp: stamp(1), retired: true } : { kind: 'absent' },
      );

      expect(await deliver(2, 'absent')).toEqual({ changed: true, verified });
      expect(await value()).toBe(textOf(2));
      expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: stamp(2), retired: false });
    });

    test('removes it without recovery, too', async () => {
      const { name, store, deliver, value } = aSecret();
      await deliver(1, 'absent');
      expect(await store.retire(name, 'none')).toBe(true);
      expect(await collect(store)).toEqual([]);
      expect(await value()).toBeUndefined();
    });
  });

  test('holds a value or does not, as far as the store can be read', async () => {
    const { name, store, deliver } = aSecret();
    const holds = (generation: number) => store.holds(name, new Secret(textOf(generation)));
    expect(await holds(1)).toBe(rules.readable ? false : 'unknown');
    await deliver(1, 'absent');
    expect(await holds(1)).toBe(rules.readable ? true : 'unknown');
    expect(await holds(2)).toBe(rules.readable ? false : 'unknown');
  });
};

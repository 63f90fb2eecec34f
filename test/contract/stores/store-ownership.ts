import { expect } from 'vitest';
import { Secret } from '#shared/secret.ts';
import { collect, RECOVERY_DAYS, refusalOf, type StoreScene, stamp, textOf } from './store-scene.ts';

/** Part of the store suite: ownership, comparison and retirement of existing secrets. */
export const describeOwnership = ({ rules, verified, site, aSecret, group, check }: StoreScene): void => {
  group('a foreign secret', () => {
    check('is left alone, and refused with the command that hands it over, which does so', async () => {
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

    check('is that of another owner, too', async () => {
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

  group('retiring', () => {
    check('does nothing to an absent secret', async () => {
      const { name, store } = aSecret();
      expect(await store.retire(name, RECOVERY_DAYS)).toBe(false);
    });

    check('removes a secret, changes nothing when repeated, and the next delivery restores it', async () => {
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

    check(
      'with recovery keeps the value as far as the store can, and without it nothing, not even an earlier one',
      async () => {
        for (const recovery of [RECOVERY_DAYS, 'none'] as const) {
          const { name, store, deliver, value } = aSecret();
          await deliver(1, 'absent');
          await deliver(2, 1);
          expect(await store.retire(name, recovery)).toBe(true);
          expect(await collect(store)).toEqual([]);
          expect(await value()).toBeUndefined();
          const left = (await site().readable?.(name)) ?? [];
          if (recovery === 'none' || rules.recovery === 'none') expect(left).toEqual([]);
          else if (site().readable !== undefined) expect(left).toContain(textOf(2));
        }
      },
    );

    check('without recovery ends the recovery of a retired secret', async () => {
      const { name, store, deliver, value } = aSecret();
      await deliver(1, 'absent');
      await store.retire(name, RECOVERY_DAYS);
      await store.retire(name, 'none');
      expect(await store.inspect(name)).toEqual({ kind: 'absent' });
      expect((await site().readable?.(name)) ?? []).toEqual([]);
      expect(await deliver(2, 'absent')).toEqual({ changed: true, verified });
      expect(await value()).toBe(textOf(2));
    });
  });

  check('holds a value or does not, as far as the store can be read', async () => {
    const { name, store, deliver } = aSecret();
    const holds = (generation: number) => store.holds(name, new Secret(textOf(generation)));
    expect(await holds(1)).toBe(rules.readable ? false : 'unknown');
    await deliver(1, 'absent');
    expect(await holds(1)).toBe(rules.readable ? true : 'unknown');
    expect(await holds(2)).toBe(rules.readable ? false : 'unknown');
    await store.retire(name, RECOVERY_DAYS);
    expect(await holds(1)).toBe(rules.readable ? false : 'unknown');
  });
};

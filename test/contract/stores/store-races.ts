import fc from 'fast-check';
import { expect } from 'vitest';
import type { Delivered } from '#shared/stores/store.ts';
import { type Actor, interleave } from '#test/support/interleave.ts';
import {
  type ASecret,
  checkPassing,
  checkRefusal,
  collect,
  look,
  RECOVERY_DAYS,
  type StoreScene,
  type StoreSite,
  stamp,
  textOf,
} from './store-scene.ts';

const generationOf = (value: unknown): number | undefined =>
  [0, 1, 2, 3].find((generation) => value === textOf(generation));

const RUNS = 12;
const writers = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 3 });
const choices = fc.array(fc.nat(5), { minLength: 1, maxLength: 30 });

/** Part of the store suite: writers at the same time, one of whose calls is made at a time. */
export const describeRaces = ({ rules, site, aSecret, group, check }: StoreScene): void => {
  const STARTS: Readonly<Record<string, (secret: ASecret) => Promise<unknown>>> = {
    absent: async () => {},
    delivered: ({ deliver }) => deliver(0, 'absent'),
    ...(rules.recovery !== 'none' && {
      retired: async ({ name, store, deliver }: ASecret) => {
        await deliver(0, 'absent');
        await store.retire(name, RECOVERY_DAYS);
      },
    }),
  };
  const starts = fc.constantFrom(...Object.keys(STARTS));

  /**
   * A secret with competing writers, the generations that it has held, as seen between all calls, and those that were
   * decided without a stamp.
   */
  const race = async (connectThrough: NonNullable<StoreSite['connectThrough']>, start: string) => {
    const secret = aSecret();
    const { name, owner, store, value } = secret;
    await STARTS[start]?.(secret);
    const held: number[] = [];
    const uncertain = new Set<number>();
    const watch = async (): Promise<void> => {
      const current = generationOf(await value());
      if (current !== undefined && current !== held.at(-1)) held.push(current);
      if (rules.fence === 'none') return;
      const found = await store.inspect(name);
      if (found.kind !== 'owned' || found.retired || found.stamp === undefined) return;
      expect(found.stamp, 'the stamp beside the value').toBe(stamp(current ?? -1));
    };
    const storeOf = (gate: () => Promise<void>) =>
      connectThrough(owner, async (send) => {
        await gate();
        await watch();
        return send();
      });
    /** Inspects, decides as a plan does, and delivers: a secret that is not older is left alone. */
    const deliverer =
      (generation: number): Actor<Delivered | undefined> =>
      async (gate) => {
        const own = storeOf(gate);
        const expected = await look(own, name);
        // The stamp of a value that is being written can be missing, and then no plan can tell which one is newer.
        if (expected === 'unstamped') uncertain.add(generation);
        if (typeof expected !== 'string' && expected.stamp >= stamp(generation)) return undefined;
        return own.deliver(secret.delivery(generation, expected));
      };
    return { secret, held, uncertain, watch, storeOf, deliverer };
  };

  group('writers at the same time', () => {
    const promise = {
      before: 'never replace a newer value by an older one',
      after: 'notice that an older value has replaced a newer one',
      none: 'leave the value of one of them',
    }[rules.fence];

    check(`${promise}, and the next run delivers the newest`, async ({ skip }) => {
      const { connectThrough } = site();
      if (connectThrough === undefined) return skip('the bench cannot intercept calls');
      await fc.assert(
        fc.asyncProperty(starts, writers, choices, async (start, generations, order) => {
          const { secret, held, uncertain, watch, deliverer } = await race(connectThrough, start);
          const results = await interleave(generations.map(deliverer), order);
          await watch();

          const isSuperseded = results.map((result) => {
            if (result.status === 'fulfilled') return false;
            expect(checkRefusal(result.reason).name).toBe('DeliverySuperseded');
            return true;
          });
          const regressed = held.filter(
            (generation, index) => generation < (held[index - 1] ?? 0) && !uncertain.has(generation),
          );
          if (rules.fence === 'before') expect(regressed).toEqual([]);
          if (rules.fence === 'before') expect(isSuperseded).toContain(false);
          if (rules.fence === 'none') expect(isSuperseded).not.toContain(true);
          if (rules.fence === 'after') {
            for (const generation of regressed) {
              expect(isSuperseded.some((is, index) => is && generations[index] === generation)).toBe(true);
            }
          }

          const next = rules.fence === 'none' ? 4 : Math.max(...generations);
          await deliverer(next)(async () => {});
          expect(await secret.value()).toBe(textOf(next));
        }),
        { numRuns: RUNS },
      );
    });

    check('and a retirement leave the secret as the store shows it', async ({ skip }) => {
      const { connectThrough } = site();
      if (connectThrough === undefined) return skip('the bench cannot intercept calls');
      const recoveries = fc.constantFrom(RECOVERY_DAYS, 'none' as const);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('absent', 'delivered'),
          recoveries,
          choices,
          async (start, recovery, order) => {
            const { secret, watch, storeOf, deliverer } = await race(connectThrough, start);
            const retirer: Actor<unknown> = async (gate) => storeOf(gate).retire(secret.name, recovery);
            const results = await interleave<unknown>([deliverer(1), retirer], order);
            await watch();
            for (const result of results) {
              if (result.status === 'rejected') checkPassing(result.reason);
            }
            const isShown = (await collect(secret.store)).length === 1;
            expect((await secret.value()) !== undefined).toBe(isShown);
            await deliverer(2)(async () => {});
            expect(await secret.value()).toBe(textOf(2));
          },
        ),
        { numRuns: RUNS },
      );
    });
  });
};

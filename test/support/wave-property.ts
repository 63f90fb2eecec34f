import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWaves } from '#shared/domain/rotation/waves.ts';
import { anyFleet, anySettings, aRotatable, idsOf, planned, settingsOf } from '#test/support/rotations.ts';

/** Checks plans of random fleets. */
export const checkPlans = (numRuns: number): void => {
  describe('the waves of any fleet', () => {
    it('have each item once, and few enough of a system and in all, and keep units together', () => {
      fc.assert(
        fc.property(anyFleet, anySettings, (items, settings) => {
          const { waves } = planned(items, settings);
          const ids = waves.flat().flatMap((unit) => unit.items.map(({ id }) => id));
          expect(ids.toSorted()).toEqual(items.map(({ id }) => id).toSorted());
          expect(waves[0]?.length).toBeLessThanOrEqual(settings.canary);
          for (const wave of waves) {
            expect(wave.length).toBeGreaterThanOrEqual(1);
            expect(wave.length).toBeLessThanOrEqual(settings.size);
            for (const accounts of Map.groupBy(
              wave.flatMap((unit) => unit.items),
              ({ system }) => system,
            ).values()) {
              const units = new Set(accounts.map(({ id, unit }) => unit ?? id));
              if (units.size > 1) expect(accounts.length).toBeLessThanOrEqual(settings.perSystem);
            }
          }
          const unitsOfWaves = waves.flat().flatMap((unit) => unit.items[0]?.unit ?? []);
          expect(new Set(unitsOfWaves).size).toBe(unitsOfWaves.length);
        }),
        { numRuns },
      );
    });

    it('have what an item needs in an earlier wave, or before it in its unit', () => {
      fc.assert(
        fc.property(anyFleet, anySettings, (items, settings) => {
          const { waves } = planned(items, settings);
          const places = new Map(
            waves.flatMap((wave, index) =>
              wave.flatMap((unit) => unit.items.map(({ id }, position) => [id, { index, unit, position }] as const)),
            ),
          );
          for (const { id, after = [] } of items) {
            const own = places.get(id);
            for (const need of after.flatMap((other) => places.get(other) ?? [])) {
              if (need.unit === own?.unit) expect(need.position).toBeLessThan(own.position);
              else expect(need.index).toBeLessThan(own?.index ?? -1);
            }
          }
        }),
        { numRuns },
      );
    });

    it('do not depend on the order of the items', () => {
      fc.assert(
        fc.property(anyFleet, anySettings, (items, settings) => {
          expect(idsOf(planned(items.toReversed(), settings))).toEqual(idsOf(planned(items, settings)));
        }),
        { numRuns },
      );
    });

    it('are as few as the sizes and the systems allow, if no item needs another', () => {
      const anyAccounts = fc.array(fc.constantFrom('s0', 's1', 's2', 's3'), { minLength: 1, maxLength: 30 });
      fc.assert(
        fc.property(anyAccounts, anySettings, (systems, settings) => {
          const items = systems.map((system, index) => aRotatable(`a${index}`, { system }));
          const [, ...waves] = planned(items, settings).waves;
          const rest = waves.flat().flatMap((unit) => unit.items);
          const bySystem = [...Map.groupBy(rest, ({ system }) => system).values()];
          const least = Math.max(
            Math.ceil(rest.length / settings.size),
            ...bySystem.map(({ length }) => Math.ceil(length / settings.perSystem)),
          );
          expect(waves).toHaveLength(least);
        }),
        {
          numRuns,
          // Of two systems with equally many waves left, the one with more accounts has to come first.
          examples: [
            [
              ['s3', 's2', 's1', 's3', 's2', 's1', 's1', 's3', 's2', 's1', 's1', 's1'],
              settingsOf({ canary: 2, size: 5, perSystem: 2 }),
            ],
          ],
        },
      );
    });

    it('are refused exactly if items need each other, directly or through their units', () => {
      const anyItem = fc.record({
        needs: fc.array(fc.nat({ max: 7 }), { maxLength: 2 }),
        unit: fc.option(fc.constantFrom('u0', 'u1'), { nil: undefined, freq: 2 }),
      });
      fc.assert(
        fc.property(fc.array(anyItem, { minLength: 1, maxLength: 8 }), anySettings, (drafts, settings) => {
          const items = drafts.map(({ needs, unit }, index) =>
            aRotatable(`${index}`, { unit, after: needs.map((need) => `${need}`) }),
          );
          const plan = planWaves(items, settings);
          expect(plan.kind).toBe(canBeOrdered(items) ? 'planned' : 'refused');
          if (plan.kind === 'refused') expect(plan).toMatchObject({ reason: 'cycle' });
        }),
        { numRuns },
      );
    });
  });
};

/** Removes what needs nothing that is left, as items within their units and as whole units, until nothing changes. */
const canBeOrdered = (items: readonly ReturnType<typeof aRotatable>[]): boolean => {
  const keyOf = ({ id, unit }: (typeof items)[number]): string => unit ?? `item ${id}`;
  const isEmptied = (nodes: readonly { readonly key: string; readonly needs: readonly string[] }[]): boolean => {
    let left = nodes;
    for (;;) {
      const keys = new Set(left.map(({ key }) => key));
      const kept = left.filter(({ needs }) => needs.some((need) => keys.has(need)));
      const waiting = new Set(kept.map(({ key }) => key));
      const next = left.filter(({ key }) => waiting.has(key));
      if (next.length === left.length) return left.length === 0;
      left = next;
    }
  };
  const keys = new Map(items.map((item) => [item.id, keyOf(item)]));
  const asItems = items.map(({ id, after = [] }) => ({ key: id, needs: after }));
  const asUnits = items.map((item) => ({
    key: keyOf(item),
    needs: (item.after ?? []).flatMap((id) => keys.get(id) ?? []).filter((key) => key !== keyOf(item)),
  }));
  return isEmptied(asItems) && isEmptied(asUnits);
};

import fc from 'fast-check';
import { ROTATION_DEFAULTS, type RotationSettings } from '#shared/domain/rotation/settings.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { planWaves, type WavePlan } from '#shared/domain/rotation/waves.ts';

/** Items to rotate and settings, for tests of rotations. */

export const aRotatable = (id: string, more: Partial<Rotatable> = {}): Rotatable => ({
  id,
  title: `db/${id}`,
  system: id,
  ...more,
});

export const someRotatables = (count: number, more: (index: number) => Partial<Rotatable> = () => ({})): Rotatable[] =>
  Array.from({ length: count }, (_, index) => aRotatable(`a${index}`, more(index)));

export const settingsOf = (overrides: Partial<RotationSettings> = {}): RotationSettings => ({
  ...ROTATION_DEFAULTS,
  canary: 1,
  size: 10,
  concurrency: 2,
  pauseMinutes: 10,
  threshold: { count: 1000 },
  deadlineMinutes: 30,
  ...overrides,
});

/** The plan of items that can be planned. */
export const planned = (items: readonly Rotatable[], settings: RotationSettings): WavePlan => {
  const plan = planWaves(items, settings);
  if (plan.kind === 'refused') throw new Error(plan.message);
  return plan;
};

export const idsOf = ({ waves }: WavePlan): string[][] =>
  waves.map((units) => units.flatMap(({ items }) => items.map(({ id }) => id)));

/** Items in some order. Units are neighbours, and items need earlier ones, so there is no cycle. */
export const anyFleet: fc.Arbitrary<Rotatable[]> = fc
  .array(
    fc.record({
      system: fc.constantFrom('s0', 's1', 's2', 's3', 's4', 's5'),
      joins: fc.boolean(),
      needs: fc.array(fc.nat({ max: 30 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map((drafts) => {
    let unit = 0;
    return drafts.map(({ system, joins, needs }, index): Rotatable => {
      if (!joins) unit += 1;
      // The order of the ids is not the order of the needs.
      const idOf = (position: number): string => `a${(position * 7) % 31}`;
      const after = needs.filter((need) => need < index || need >= drafts.length).map(idOf);
      return aRotatable(idOf(index), { system, after, ...(index % 2 === 0 || joins ? { unit: `u${unit}` } : {}) });
    });
  })
  .map((items) => items.map(({ unit, ...item }) => (isPlain(unit, items) ? item : { ...item, unit })))
  .chain((items) => fc.shuffledSubarray(items, { minLength: items.length }));

const isPlain = (unit: string | undefined, items: readonly Rotatable[]): boolean =>
  unit === undefined || items.filter((item) => item.unit === unit).length === 1;

export const anySettings: fc.Arbitrary<RotationSettings> = fc.record({
  canary: fc.integer({ min: 1, max: 4 }),
  size: fc.integer({ min: 1, max: 8 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
  pauseMinutes: fc.integer({ min: 0, max: 60 }),
  threshold: fc.oneof(
    fc.record({ count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ percent: fc.integer({ min: 1, max: 40 }) }),
  ),
  perSystem: fc.integer({ min: 1, max: 3 }),
  countUnknown: fc.constant(true),
  deadlineMinutes: fc.constant(30),
});

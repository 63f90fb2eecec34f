import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Next, next, report } from '#shared/domain/rotation/progress.ts';
import { type RotationSettings, thresholdOf } from '#shared/domain/rotation/settings.ts';
import { isBad, isRunning, type RotationState } from '#shared/domain/rotation/state.ts';
import type { WavePlan } from '#shared/domain/rotation/waves.ts';
import { type Destiny, type Disturbance, type Fate, type Played, playPlan } from '#test/support/rotation-world.ts';
import { anyFleet, anySettings, idsOf, planned } from '#test/support/rotations.ts';

const FATES: readonly Fate[] = ['rotated', 'testFailed', 'refused', 'never', 'late', 'lateTestFailed', 'skipped'];

/** Fates of all items, of which most rotate. An item that changes late may be left unknown by a shorter run. */
const anyDestinies = (fates: readonly Fate[]): fc.Arbitrary<(id: string) => Destiny> =>
  fc
    .array(
      fc.record({
        fate: fc.oneof({ weight: 3, arbitrary: fc.constant<Fate>('rotated') }, fc.constantFrom(...fates)),
        minutes: fc.integer({ min: 0, max: 29 }),
      }),
      { minLength: 31, maxLength: 31 },
    )
    .map((destinies) => (id: string): Destiny => {
      const found = destinies[Number(id.slice(1))];
      if (found === undefined) throw new Error(`There is no item ${id}.`);
      return found;
    });

const anyDisturbances = (kind: Disturbance['kind']): fc.Arbitrary<Disturbance[]> =>
  fc.array(fc.record({ step: fc.nat({ max: 40 }), kind: fc.constant(kind) }), { minLength: 1, maxLength: 4 });

/** Settings with which no number of failures stops the rotation. */
const tolerant = (settings: RotationSettings): RotationSettings => ({ ...settings, threshold: { count: 1000 } });

/** The same fates, but no item of the canary fails: the others of the canary start before the failure, or do not. */
const sparingCanary = (plan: WavePlan, destinyOf: (id: string) => Destiny) => {
  const canary = new Set(idsOf(plan)[0]);
  return (id: string): Destiny => {
    const { fate, minutes } = destinyOf(id);
    return { fate: canary.has(id) && fate !== 'skipped' ? 'rotated' : fate, minutes };
  };
};

const outcomesOf = ({ state }: Played): [string, string][] =>
  report(state)
    .map(({ id, status }): [string, string] => [id, status])
    .toSorted();

const countBad = ({ items }: RotationState): number => items.filter(isBad).length;

/** Checks a start against everything that must hold. */
const checkStart = (
  { items, stop }: RotationState,
  action: Extract<Next, { readonly next: 'start' }>,
  settings: RotationSettings,
): void => {
  const byId = new Map(items.map((item) => [item.id, item]));
  const starting = action.ids.flatMap((id) => byId.get(id) ?? []);
  const running = items.filter(isRunning);
  expect(stop).toBeUndefined();
  expect(starting).toHaveLength(action.ids.length);
  expect(new Set([...running, ...starting].map(({ wave }) => wave)).size).toBe(1);
  expect(running.length + starting.length).toBeLessThanOrEqual(settings.concurrency);
  expect(items.filter(isBad).length).toBeLessThan(thresholdOf(settings.threshold, items.length));
  for (const { status, after } of starting) {
    expect(status).toBe('waiting');
    for (const need of after) expect(['rotated', 'skipped']).toContain(byId.get(need)?.status);
  }
  const isCanary = starting.some(({ wave }) => wave === 0);
  const canary = items.filter(({ wave }) => wave === 0).map(({ status }) => status);
  if (isCanary) return;
  expect(canary).toContain('rotated');
  for (const status of canary) expect(['rotated', 'skipped']).toContain(status);
};

/** Checks rotations of random fleets, with random outcomes in a random order. */
export const checkRotations = (numRuns: number): void => {
  describe('a rotation of any fleet', () => {
    it('starts nothing but what may start, and decides the same again', () => {
      fc.assert(
        fc.property(anyFleet, anySettings, anyDestinies(FATES), (items, settings, destinyOf) => {
          const { calls } = playPlan(planned(items, settings), {
            settings,
            destinyOf,
            observe: (state, action, now) => {
              expect(next(structuredClone(state), settings, now)).toEqual(action);
              if (action.next === 'start') checkStart(state, action, settings);
              if (action.next === 'wait') expect(action.until).toBeGreaterThan(now);
            },
          });
          expect(new Set(calls).size).toBe(calls.length);
        }),
        { numRuns },
      );
    });

    it('ends with each item reported once, and fails at most the concurrency less one beyond the threshold', () => {
      fc.assert(
        fc.property(anyFleet, anySettings, anyDestinies(FATES), (items, settings, destinyOf) => {
          const limit = thresholdOf(settings.threshold, items.length) + settings.concurrency - 1;
          const played = playPlan(planned(items, settings), {
            settings,
            destinyOf,
            observe: (state) => expect(countBad(state)).toBeLessThanOrEqual(limit),
          });
          const lines = report(played.state);
          expect(lines.map(({ id }) => id).toSorted()).toEqual(items.map(({ id }) => id).toSorted());
          for (const { status, reason } of lines) {
            expect(['rotated', 'unknown', 'testFailed', 'failed', 'skipped']).toContain(status);
            if (status !== 'rotated' && status !== 'testFailed') expect(reason).toBeDefined();
          }
        }),
        { numRuns },
      );
    });

    it('has the same outcomes if it is stopped and resumed at any steps', () => {
      const anyFates = anyDestinies(['rotated', 'testFailed', 'refused', 'never', 'skipped']);
      fc.assert(
        fc.property(
          anyFleet,
          anySettings,
          anyFates,
          anyDisturbances('stop'),
          (items, given, anyDestiny, disturbances) => {
            const settings = tolerant(given);
            const plan = planned(items, settings);
            const destinyOf = sparingCanary(plan, anyDestiny);
            const whole = playPlan(plan, { settings, destinyOf });
            const stopped = playPlan(plan, { settings, destinyOf, disturbances });
            expect(outcomesOf(stopped)).toEqual(outcomesOf(whole));
            expect(stopped.calls.toSorted()).toEqual(whole.calls.toSorted());
          },
        ),
        { numRuns },
      );
    });

    it('starts nothing after a stop', () => {
      fc.assert(
        fc.property(
          anyFleet,
          anySettings,
          anyDestinies(FATES),
          fc.nat({ max: 40 }),
          (items, settings, destinyOf, step) => {
            playPlan(planned(items, settings), {
              settings,
              destinyOf,
              disturbances: [{ step, kind: 'stop' }],
              observe: (state, action) => {
                if (state.stop !== undefined) expect(action.next).not.toBe('start');
              },
            });
          },
        ),
        { numRuns },
      );
    });

    it('starts no item twice if its executor crashes, and the same items if nothing was written', () => {
      fc.assert(
        fc.property(
          anyFleet,
          anySettings,
          anyDestinies(FATES),
          anyDisturbances('crash'),
          anyDisturbances('lost'),
          (items, given, destinyOf, crashes, losses) => {
            const settings = tolerant(given);
            const plan = planned(items, settings);
            const whole = playPlan(plan, { settings, destinyOf });
            const crashed = playPlan(plan, { settings, destinyOf, disturbances: crashes });
            // A crash delays what is seen, so units of a wave that do not need each other can change in another order.
            expect(crashed.calls.toSorted()).toEqual(whole.calls.toSorted());
            for (const { id, after } of crashed.state.items) {
              const isTooLate = (need: string) => crashed.calls.indexOf(need) > crashed.calls.indexOf(id);
              if (crashed.calls.includes(id)) expect(after.filter(isTooLate)).toEqual([]);
            }
            expect(outcomesOf(crashed)).toEqual(outcomesOf(whole));

            const { calls, state } = playPlan(plan, { settings, destinyOf, disturbances: losses });
            expect(new Set(calls).size).toBe(calls.length);
            const isStarted = state.items.filter(({ startedAt }) => startedAt !== undefined);
            for (const { id, status } of isStarted) if (!calls.includes(id)) expect(status).toBe('unknown');
          },
        ),
        { numRuns },
      );
    });
  });
};

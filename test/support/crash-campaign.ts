import { describe, expect, it } from 'vitest';
import { type CrashResult, crash, type Death, type Disturbance, type Scenario } from '#test/support/crash.ts';
import { SCENARIOS } from '#test/support/crash-scenarios.ts';

const undisturbed = new Map<Scenario, Map<Disturbance['site'], Promise<CrashResult>>>();

/** Runs a scenario without a disturbance, at the given site. Each result is cached. */
export const runUndisturbed = async (scenario: Scenario, site?: Disturbance['site']): Promise<CrashResult> => {
  const never = { moment: Number.POSITIVE_INFINITY, apply: async () => {}, isHarmless: true, site };
  const results = undisturbed.get(scenario) ?? new Map<Disturbance['site'], Promise<CrashResult>>();
  undisturbed.set(scenario, results);
  const result = results.get(site) ?? crash({ scenario, death: 'function', moments: [], disturbance: never });
  results.set(site, result);
  const crashResult = await result;
  expect(crashResult.broken, 'undisturbed').toEqual([]);
  return crashResult;
};

/** Applies a disturbance at a moment and checks that nothing is left open, wrong, duplicated or lost. */
export const runDisturbed = async (scenario: Scenario, moment: number, disturbance: Disturbance): Promise<void> => {
  const { moments, ending } = await runUndisturbed(scenario, disturbance.site);
  const crashResult = await crash({
    scenario,
    death: 'function',
    moments: [],
    disturbance: { ...disturbance, moment },
  });
  const at = `at moment ${moment} of ${moments}`;
  expect(crashResult.broken, at).toEqual([]);
  if (disturbance.isHarmless === true) expect(crashResult.ending, at).toEqual(ending);
};

/** Selects the moments to try. Default: all that can lead to different results. */
type Choose = (undisturbed: CrashResult) => readonly number[];

const CHOOSE_ALL: Choose = ({ distinctMoments }) => distinctMoments;

/** Every nth moment, starting in mid-stride: the first moments belong to the sign-in, equal in every scenario. */
export const everyNth =
  (stride: number): Choose =>
  ({ distinctMoments }) =>
    distinctMoments.filter((_, index) => index % stride === Math.floor(stride / 2));

const TIMEOUT_MS = 600_000;

/** Runs each scenario once for every moment at which a process can die, and prints their number. */
export const killAtEveryMoment = (
  death: Death,
  scenarios: Readonly<Record<string, Scenario>> = SCENARIOS,
  choose: Choose = CHOOSE_ALL,
): void => {
  describe(`a killed ${death}`, () => {
    it.each(Object.entries(scenarios))(
      'at any moment of %s leaves nothing open, wrong, duplicated or lost',
      async (name, scenario) => {
        const moments = choose(await runUndisturbed(scenario));
        for (const moment of moments) {
          const { broken } = await crash({ scenario, death, moments: [moment] });
          expect(broken, `at moment ${moment}`).toEqual([]);
        }
        process.stdout.write(`${moments.length} crash points: killed ${death}s in ${name}\n`);
      },
      TIMEOUT_MS,
    );
  });
};

/** A scenario and a disturbance of it, each with its name. */
export type DisturbedScenario = readonly [what: string, name: string, scenario: Scenario, disturbance: Disturbance];

/** The disturbances of each scenario. */
export const DISTURBANCES: readonly DisturbedScenario[] = Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
  Object.entries(scenario.disturbance ?? {}).map(
    ([what, disturbance]): DisturbedScenario => [what, name, scenario, disturbance],
  ),
);

/** Messages that other senders can send during each scenario. */
export const FOREIGN_MESSAGES: readonly DisturbedScenario[] = Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
  Object.entries(scenario.foreignMessages ?? {}).map(
    ([what, disturbance]): DisturbedScenario => [what, name, scenario, disturbance],
  ),
);

/** Combines every scenario with every disturbance. */
export const inEach = (
  scenarios: Readonly<Record<string, Scenario>>,
  disturbances: Readonly<Record<string, Disturbance>>,
): DisturbedScenario[] =>
  Object.entries(scenarios).flatMap(([name, scenario]) =>
    Object.entries(disturbances).map(([what, disturbance]): DisturbedScenario => [what, name, scenario, disturbance]),
  );

/** Applies each disturbance at every moment of its scenario, and prints their number. */
export const disturbAtEveryMoment = (
  title: string,
  disturbed: readonly DisturbedScenario[],
  choose: Choose = CHOOSE_ALL,
): void => {
  describe(title, () => {
    it.each(disturbed)(
      '(%s) at any moment of %s leaves nothing open, wrong, duplicated or lost',
      async (what, name, scenario, disturbance) => {
        const moments = choose(await runUndisturbed(scenario, disturbance.site));
        for (const moment of moments) await runDisturbed(scenario, moment, disturbance);
        process.stdout.write(`${moments.length} moments: ${what} in ${name}\n`);
      },
      TIMEOUT_MS,
    );
  });
};

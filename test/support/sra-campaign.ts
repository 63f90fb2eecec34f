import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Death, killBy } from '#test/support/crash.ts';
import { CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import type { Through } from '#test/support/crashable-relay.ts';
import { leftClaimed, leftOpen, type SraRelay, startSraRelay, wrongAtEnd } from '#test/support/sra-relay.ts';
import { SRA_SYNC, type SraScenario } from '#test/support/sra-scenarios.ts';

/** Longer than any invocation: after it, no function from before can be running. */
const LATE_MINUTES = 16;
const TIMEOUT_MS = 600_000;

/** A disturbance. `stop` stops the execution; the current process goes on. */
export type Disturb = (relay: SraRelay, stop: () => void) => Promise<unknown>;

interface Disturbed {
  /** Default: a sync. */
  readonly scenario?: SraScenario;
  readonly death?: Death;
  /** Event at each moment. `death` kills the process. */
  readonly at: readonly (readonly [moment: number, what: 'death' | Disturb])[];
  /** Happens before the run. */
  readonly before?: (relay: SraRelay) => unknown;
  /** Finds errors right after the run. */
  readonly findErrors?: (relay: SraRelay) => string[];
}

/** Runs a workflow and disturbs it, lets the relay clean up, and checks the promises. */
export const disturbSra = async ({
  scenario = SRA_SYNC,
  death = 'function',
  at,
  before,
  findErrors = () => [],
}: Disturbed) => {
  const relay = await startSraRelay(scenario.relay);
  try {
    await scenario.prepare?.(relay);
    let stop = (): void => {};
    const interruptions = at.map(([moment, what]): [number, Interruption] => [
      moment,
      what === 'death' ? what : () => what(relay, stop),
    ]);
    const crashPlan = new CrashPlan(...interruptions);
    const kill = killBy(crashPlan, death);
    const through: Through = (invocation) => {
      stop = invocation.stop;
      return kill(invocation);
    };
    await before?.(relay);
    const calls = relay.simulator.audit.length;
    await scenario.act(relay, { through });
    const { moments } = crashPlan;
    const siteCalls = relay.simulator.audit.slice(calls);
    const tokens = relay.simulator.issuedTokens();
    const broken = [...findErrors(relay), ...(scenario.wrongAfter?.(relay, siteCalls) ?? [])];
    relay.simulator.faults.clear();
    relay.advance(1);
    await relay.reap();
    broken.push(...(await leftOpen(relay)));
    relay.advance(LATE_MINUTES);
    await relay.reap();
    broken.push(...(await leftOpen(relay)), ...(await leftClaimed(relay)));
    await scenario.finish(relay);
    broken.push(...(await leftOpen(relay)), ...(await leftClaimed(relay)), ...wrongAtEnd(relay));
    return { moments, siteCalls, tokens, broken: [...new Set(broken)] };
  } finally {
    await relay.close();
  }
};

/** Every nth index below `count`. The seed of the campaign chooses the first. */
export const everyNthBelow = (count: number, stride: number): number[] => {
  const first = (fc.readConfigureGlobal().seed ?? 0) % stride;
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % stride === first);
};

export interface SraCampaign {
  readonly title: string;
  /** Default: a sync. */
  readonly scenario?: SraScenario;
  /** Every nth moment is disturbed. */
  readonly stride: number;
  /** Disturbances of one moment, by name. */
  readonly cases: Readonly<Record<string, (moment: number) => Omit<Disturbed, 'scenario'>>>;
}

/** Disturbs a workflow at every nth moment, and prints the number of moments. */
export const disturbSraAtMoments = ({ title, scenario = SRA_SYNC, stride, cases }: SraCampaign): void => {
  describe(title, () => {
    it.each(Object.entries(cases))(
      `(%s) at any moment of ${scenario.what} leaves nothing open, wrong or lost`,
      async (what, disturbedAt) => {
        const undisturbed = await disturbSra({ scenario, at: [] });
        expect(undisturbed.broken, 'undisturbed').toEqual([]);
        const chosen = everyNthBelow(undisturbed.moments, stride);
        for (const moment of chosen) {
          const { broken } = await disturbSra({ scenario, ...disturbedAt(moment) });
          expect(broken, `at moment ${moment} of ${undisturbed.moments}`).toEqual([]);
        }
        process.stdout.write(`${chosen.length} of ${undisturbed.moments} moments: ${what}\n`);
      },
      TIMEOUT_MS,
    );
  });
};

/** Kills of a process, a step or an execution at a moment. */
export const killsOf = (deaths: readonly Death[]): SraCampaign['cases'] =>
  Object.fromEntries(deaths.map((death) => [death, (moment: number) => ({ death, at: [[moment, 'death']] as const })]));

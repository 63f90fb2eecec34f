import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Death, killBy } from '#test/support/crash.ts';
import { CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import type { Through } from '#test/support/crashable-relay.ts';
import { changeAll, leftClaimed, leftOpen, type SraRelay, startSraRelay, wrongAtEnd } from '#test/support/sra-relay.ts';

const ORDER = { sync: 'databases' };
/** Longer than any invocation: after it, no function from before can be running. */
const LATE_MINUTES = 16;
const TIMEOUT_MS = 300_000;

/** A disturbance. `stop` stops the execution; the current process goes on. */
type Disturb = (relay: SraRelay, stop: () => void) => Promise<unknown>;

interface Disturbed {
  readonly death?: Death;
  /** Event at each moment. `death` kills the process. */
  readonly at: readonly (readonly [moment: number, what: 'death' | Disturb])[];
  /** Happens before the run. */
  readonly before?: (relay: SraRelay) => unknown;
  /** Finds errors right after the run. */
  readonly findErrors?: (relay: SraRelay) => string[];
}

/** Runs a sync of changed credentials and disturbs it, lets the relay clean up, and checks the promises. */
export const disturbSra = async ({ death = 'function', at, before, findErrors = () => [] }: Disturbed) => {
  const relay = await startSraRelay();
  try {
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
    await relay.sync('disturbed', ORDER, { through });
    const { moments } = crashPlan;
    const siteCalls = relay.simulator.audit.slice(calls);
    const broken = findErrors(relay);
    relay.simulator.faults.clear();
    relay.advance(1);
    await relay.reap();
    broken.push(...(await leftOpen(relay)));
    relay.advance(LATE_MINUTES);
    await relay.reap();
    broken.push(...(await leftOpen(relay)), ...(await leftClaimed(relay)));
    changeAll(relay);
    await relay.sync('after', ORDER);
    broken.push(...(await leftOpen(relay)), ...(await leftClaimed(relay)), ...wrongAtEnd(relay));
    return { moments, siteCalls, broken: [...new Set(broken)] };
  } finally {
    await relay.close();
  }
};

/** Every nth index below `count`. The seed of the campaign chooses the first. */
const everyNthBelow = (count: number, stride: number): number[] => {
  const first = (fc.readConfigureGlobal().seed ?? 0) % stride;
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % stride === first);
};

/** Disturbs the sync at every nth moment, and prints the number of moments. */
export const disturbSraAtMoments = (
  title: string,
  stride: number,
  cases: Readonly<Record<string, (moment: number) => Disturbed>>,
): void => {
  describe(title, () => {
    it.each(Object.entries(cases))(
      '(%s) at any moment of a sync leaves nothing open, wrong or lost',
      async (what, disturbedAt) => {
        const undisturbed = await disturbSra({ at: [] });
        expect(undisturbed.broken, 'undisturbed').toEqual([]);
        const chosen = everyNthBelow(undisturbed.moments, stride);
        for (const moment of chosen) {
          const { broken } = await disturbSra(disturbedAt(moment));
          expect(broken, `at moment ${moment} of ${undisturbed.moments}`).toEqual([]);
        }
        process.stdout.write(`${chosen.length} of ${undisturbed.moments} moments: ${what}\n`);
      },
      TIMEOUT_MS,
    );
  });
};

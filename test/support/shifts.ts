import type { Disturbance } from '#test/support/crash.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';

/** Moves rows between the pages of a list by more than the overlap of pages. A reader then misses or repeats rows. */
const shift = (rowsMoved: number, largestPage: number): Disturbance => ({
  apply: async ({ simulator }) => {
    simulator.switches.rowsMoved = rowsMoved;
  },
  // A run that sees only this shift must not count it as the second run that misses an item.
  checkWhileActive: async (relay, scenario) => {
    await scenario.followUp(relay, { crashPlan: new CrashPlan(), through: ({ perform }) => perform() });
    return [];
  },
  end: async ({ simulator }) => {
    simulator.switches.rowsMoved = 0;
  },
  // Small pages, so that a list of few accounts has several.
  site: { switches: { largestPage } },
});

export const SHIFTS: Readonly<Record<string, Disturbance>> = {
  'two rows leave a list while it is read': shift(2, 2),
  'two rows enter a list while it is read': shift(-2, 2),
};

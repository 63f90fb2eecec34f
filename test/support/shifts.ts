import type { Meanwhile } from '#test/support/crash.ts';
import { Fate } from '#test/support/mortal.ts';

/** More than pages overlap by. From then on, rows move between the pages of a list: whoever reads on where it was has missed some, or sees some twice. */
const shift = (rowsMoved: number, largestPage: number): Meanwhile => ({
  happens: async ({ simulator }) => {
    simulator.switches.rowsMoved = rowsMoved;
  },
  // A run that saw nothing else must not take it for the second time that something was missing.
  whileItLasts: async (relay, story) => {
    await story.goOn(relay, { fate: new Fate(), through: ({ perform }) => perform() });
    return [];
  },
  passes: async ({ simulator }) => {
    simulator.switches.rowsMoved = 0;
  },
  // Of so few accounts a list has several pages all the same.
  site: { switches: { largestPage } },
});

export const SHIFTS: Readonly<Record<string, Meanwhile>> = {
  'two rows leave a list while it is read': shift(2, 2),
  'two rows come into a list while it is read': shift(-2, 2),
};

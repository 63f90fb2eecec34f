import { describe, expect, it } from 'vitest';
import { rotatingCheckout } from '#test/support/checkout-rotations.ts';
import { ID_USED_BY_ANOTHER_SENDER } from '#test/support/checkout-scenarios.ts';
import { type CrashResult, crash, DEATHS } from '#test/support/crash.ts';
import { DISTURBANCES, FOREIGN_MESSAGES, inEach, runDisturbed, runUndisturbed } from '#test/support/crash-campaign.ts';
import { FREEZES, SCENARIOS } from '#test/support/crash-scenarios.ts';
import type { PlayedStep } from '#test/support/crashable-steps.ts';
import { OUTAGES, OUTAGES_OF_ONE } from '#test/support/outages.ts';
import { rotateFleet } from '#test/support/rotation-fleets.ts';
import { freeze } from '#test/support/rotation-freezes.ts';
import { MISBEHAVIOURS, misbehave } from '#test/support/rotation-misbehaviours.ts';
import { aRotation } from '#test/support/rotation-scenarios.ts';
import { stoppedRotation } from '#test/support/rotation-stops.ts';
import { SHIFTS } from '#test/support/shifts.ts';
import { USED_ID_SCENARIOS } from '#test/support/used-ids.ts';

/** A sample of `npm run test:campaigns`: the stride between tested moments; each kind of death starts at its own. */
const STRIDE = 193;

/** Calls of a rotation until its second wave changes. */
const STOPPED_AFTER = 99;

describe.each(DEATHS)('%ss that die', (death) => {
  it.each(Object.entries(SCENARIOS))(
    'during %s leaves nothing open, wrong, duplicated or lost',
    async (_name, scenario) => {
      const { moments } = await runUndisturbed(scenario);
      for (let moment = 7 * (1 + DEATHS.indexOf(death)); moment < moments; moment += STRIDE) {
        const crashResult = await crash({ scenario, death, moments: [moment] });
        expect(crashResult.broken, `killed at moment ${moment} of ${moments}`).toEqual([]);
      }
    },
  );
});

describe('disturbances by others', () => {
  it.each(DISTURBANCES)(
    '(%s) during %s leaves nothing open, wrong, duplicated or lost',
    async (_what, _name, scenario, disturbance) => {
      const { moments } = await runUndisturbed(scenario);
      for (let moment = 28; moment < moments; moment += STRIDE) await runDisturbed(scenario, moment, disturbance);
    },
  );
});

/** The campaigns try every moment; one is enough here. */
const middleOf = (steps: CrashResult['steps'], step: PlayedStep): number =>
  Math.floor((steps.indexOf(step) + steps.lastIndexOf(step)) / 2);

describe('outages and foreign messages during a checkout', () => {
  const outages = inEach(SCENARIOS, { ...OUTAGES, ...OUTAGES_OF_ONE });
  const ofACheckout = [...outages, ...FOREIGN_MESSAGES].filter(([, name]) => name === 'a checkout');

  it.each(ofACheckout)(
    '(%s) while %s delivers leaves nothing open, wrong, duplicated or lost',
    async (_what, _name, scenario, disturbance) => {
      const { steps } = await runUndisturbed(scenario, disturbance.site);
      await runDisturbed(scenario, middleOf(steps, 'checkout/retrieve'), disturbance);
    },
  );
});

describe('earlier messages of other senders about an id', () => {
  it.each(
    Object.entries({
      ...USED_ID_SCENARIOS,
      'an id in an earlier message of another sender': ID_USED_BY_ANOTHER_SENDER,
    }),
  )('(%s) opens nothing, and blocks no other sender', async (_name, scenario) => {
    await runUndisturbed(scenario);
  });
});

describe('pages that shift', () => {
  it.each(inEach(SCENARIOS, SHIFTS).filter(([, name]) => name === 'a sync that retires orphans'))(
    '(%s) during %s delete no selected secret',
    async (_what, _name, scenario, disturbance) => {
      const { steps } = await runUndisturbed(scenario, disturbance.site);
      await runDisturbed(scenario, steps.indexOf('sync/plan'), disturbance);
    },
  );
});

describe('a function that is frozen between two calls', () => {
  it.each(FREEZES)('(%s) during %s replaces no newer value', async (_what, _name, scenario, disturbance) => {
    const { steps } = await runUndisturbed(scenario);
    await runDisturbed(scenario, middleOf(steps, 'sync/retrieve'), disturbance);
  });
});

describe('a rotation', () => {
  const scenario = aRotation();
  const moment = async (): Promise<number> => middleOf((await runUndisturbed(scenario)).steps, 'rotate/advance');

  it.each(['function', 'execution'] as const)('whose %s dies changes and loses nothing twice', async (death) => {
    const { broken } = await crash({ scenario, death, moments: [await moment()] });
    expect(broken).toEqual([]);
  });

  it('whose function is frozen and overtaken changes nothing again', async () => {
    expect(await freeze(scenario, await moment())).toEqual([]);
  });

  it.each(['changes after the rotation has given up', 'fails the test'] as const)(
    'of a vault that %s leads to the named outcome',
    async (what) => {
      expect(await misbehave(MISBEHAVIOURS[what])).toEqual([]);
    },
  );

  it('that messages stop in its second wave and resume starts nothing after the stop, and ends', async () => {
    const run = { stops: [], acceptFailures: false, retries: false };
    const stopped = { ...run, stops: [{ after: { calls: STOPPED_AFTER }, id: 0, lateMinutes: 0 }] };
    const { broken } = await crash({ scenario: stoppedRotation([stopped, run], []), death: 'function', moments: [] });
    expect(broken).toEqual([]);
  });

  it('that two checkouts of an account start one after the other changes nothing under the second one', async () => {
    const { ending } = await runUndisturbed(rotatingCheckout('message', ['CHG1', 'CHG2']));
    expect(ending).toBe(1);
  });

  it('of 50 accounts, 3 % of which fail, stops at its threshold of 2 %', async () => {
    expect(await rotateFleet(50)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { crash, DEATHS } from '#test/support/crash.ts';
import { runUndisturbed } from '#test/support/crash-campaign.ts';
import { pairScenario } from '#test/support/pair-scenarios.ts';

const SCENARIO = pairScenario();

describe('a pair whose accounts take turns', () => {
  it('changes one account and then the other, and its secret opens one at every moment', async () => {
    const { ending, broken } = await runUndisturbed(SCENARIO);
    expect(broken).toEqual([]);
    expect(ending).toEqual([1, 1]);
  });

  // The campaigns try every moment.
  it.each(DEATHS)(
    'has a secret that opens an account if a %s dies before the other account is active',
    async (death) => {
      const { steps } = await runUndisturbed(SCENARIO);
      const moment = steps.lastIndexOf('rotate/advance', steps.indexOf('rotate/deliver')) - 2;
      const { broken } = await crash({ scenario: SCENARIO, death, moments: [moment] });
      expect(broken).toEqual([]);
    },
  );
});

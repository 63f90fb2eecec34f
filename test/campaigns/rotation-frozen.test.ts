import { describe, expect, it } from 'vitest';
import { runUndisturbed } from '#test/support/crash-campaign.ts';
import { freeze } from '#test/support/rotation-freezes.ts';
import { everyNthOfRotation, QUEUED_ROTATION, ROTATION } from '#test/support/rotation-scenarios.ts';

const STRIDES = { [Object.keys(ROTATION).join()]: 1, [Object.keys(QUEUED_ROTATION).join()]: 5 };

describe('a frozen function', () => {
  it.each(Object.entries({ ...ROTATION, ...QUEUED_ROTATION }))(
    'that is overtaken at any moment of %s and then goes on changes and tests nothing again',
    async (name, scenario) => {
      const moments = everyNthOfRotation(STRIDES[name] ?? 1)(await runUndisturbed(scenario));
      for (const moment of moments) expect(await freeze(scenario, moment), `at moment ${moment}`).toEqual([]);
      process.stdout.write(`${moments.length} moments: a frozen function in ${name}\n`);
    },
  );
});

import { measureRun } from '#local/figures.ts';
import { startSraWorld } from '#local/sra-world.ts';
import type { Measured } from '../figure.ts';
import { changeSome, SEED } from '../worlds.ts';

const ACCOUNTS = 1000;
const CHANGED = 10;
const HALF_AN_HOUR = 30 * 60_000;

/** Measures the calls to a PRA site of a run in which every credential is new, and of one with few changes. */
export const measureSra = async (): Promise<Measured> => {
  const world = await startSraWorld({ accounts: ACCOUNTS, seed: SEED });
  try {
    const full = await measureRun(world, () => {});
    world.clock.advance(HALF_AN_HOUR);
    changeSome(world, CHANGED);
    world.clock.advance(HALF_AN_HOUR);
    const few = await measureRun(world, () => {});
    if (few.delivered !== CHANGED)
      throw new Error(`${few.delivered} credentials were delivered instead of ${CHANGED}.`);
    const { simulator } = world.vault;
    return {
      figures: [
        {
          name: 'calls to a PRA site per credential, full sync of 1,000',
          value: full.vaultCalls.total / full.delivered,
          unit: 'calls',
          target: { atMost: 2.05 },
          kind: 'count',
        },
        {
          name: 'calls to a PRA site, 1,000 accounts of which 10 changed',
          value: few.vaultCalls.total,
          unit: 'calls',
          target: { atMost: 40 },
          kind: 'count',
        },
        {
          name: 'check-outs that are open after both runs',
          value: world.vault.openRequests().length,
          unit: 'check-outs',
          target: { atMost: 0 },
          kind: 'count',
        },
        {
          name: 'tokens for both runs',
          value: simulator.issuedTokens(),
          unit: 'tokens',
          target: { atMost: 2 },
          kind: 'count',
        },
      ],
      notes: [
        `${full.delivered} credentials by ${full.vaultCalls.total} calls, then ${CHANGED} by ${few.vaultCalls.total}, at 20 calls a second.`,
      ],
    };
  } finally {
    await world.close();
  }
};

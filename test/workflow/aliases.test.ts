import { describe, expect, it } from 'vitest';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import { runUndisturbed } from '#test/support/crash-campaign.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { ROTATED, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const FLEET = sharedFleet(8).filter(({ kind }) => kind === 'plain');
const ACCOUNTS = FLEET.filter(
  ({ systemName, accountName }) => ROTATED.systems.includes(systemName) && ROTATED.accounts.includes(accountName),
).map(({ accountId }) => accountId);
const SYNC = { source: 'aliases', name: 'prod/{aliasName}', value: '{credential}', requestMinutes: 120 };
const ORDER = { rule: 'weekly', trigger: 'message' } as const;

/** An alias whose accounts take turns: first the one, then the other. */
const SCENARIO: Scenario = {
  config: {
    ...aCheckoutConfig({ value: '{credential}' }, SYNC),
    rotations: aRotationConfig({ source: 'aliases', deadlineMinutes: 10 }, SYNC).rotations,
  },
  site: {
    users: ROTATING_USERS,
    fleet: FLEET,
    aliases: [{ aliasId: 1, aliasName: 'payments', accountIds: ACCOUNTS }],
  },
  async prepare(relay) {
    await relay.sync('before', { sync: 'databases' });
    relay.advance(27);
  },
  async act(relay) {
    await relay.rotate('first', ORDER);
    relay.advance(27);
    await relay.rotate('second', ORDER);
  },
  followUp: async () => {},
  cleanUp: async () => {},
  ending: ({ simulator, manager }) => ({
    changes: ACCOUNTS.map((accountId) => simulator.changesOf(accountId)),
    delivered: ACCOUNTS.map(
      (accountId) => simulator.credentialOf(accountId) === manager.currentValues()['prod/payments'],
    ),
  }),
  findErrors: () => [],
  isSequential: true,
};

describe('an alias whose accounts take turns', () => {
  it('changes one account and then the other, and its secret follows', async () => {
    const { ending, broken } = await runUndisturbed(SCENARIO);
    expect(broken).toEqual([]);
    expect(ending).toEqual({ changes: [1, 1], delivered: [true, false] });
  });
});

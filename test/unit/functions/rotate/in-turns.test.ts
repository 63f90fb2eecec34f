import { expect, it } from 'vitest';
import type { Item } from '#shared/domain/item.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aConfig, aRotationConfig, parseShapeOf } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';
import { rotatingVault } from '#test/support/rotating-vault.ts';
import { planRotationRule } from '../../../../functions/rotate/plan/plan-rule.ts';
import { accountsOf } from './scene.ts';

const ACCOUNTS = accountsOf(4);

/** The account of a number, which is also its id. */
const account = (number: number): Item => {
  const found = ACCOUNTS[number - 1];
  if (found === undefined) throw new Error('There is no such account.');
  return found;
};

const pairOf = (name: string, ...numbers: readonly number[]): Item => ({
  ...itemNumbered(9),
  ref: { kind: 'pair', id: name },
  title: name,
  labels: { pairName: name },
  members: numbers.map(account),
});

interface Scene {
  readonly rule?: Record<string, unknown>;
  readonly listed?: readonly Item[];
  readonly pairs: readonly Item[];
  /** Numbers of accounts that the vault changes together. */
  readonly set?: readonly number[];
}

/** Plans a rotation over a connection to the vault whose pairs a sync delivers over another one. */
const plan = ({ rule = {}, listed = ACCOUNTS, pairs, set = [] }: Scene) => {
  const { connections, syncs } = aConfig();
  const schedule = { expression: 'rate(1 hour)' };
  const delivery = { source: 'pairs', stores: ['aws'], name: 'prod/{pairName}', schedule };
  const config = parseShapeOf({
    ...aRotationConfig(rule),
    connections: { ...connections, pairs: { ...connections['vault'] } },
    syncs: { ...syncs, app: { ...delivery, connection: 'pairs' } },
  });
  const vault = rotatingVault(listed, () => 0);
  for (const number of set) vault.placements.set(String(number), { system: 's', unit: 'set', after: [] });
  return planRotationRule(
    {
      config,
      vaultOf: async (name) => (name === 'pairs' ? fakeVault([pageOf(pairs)]).vault : vault.vault),
      rulesOf: async (_connection, source) => rulesOf(source),
      storeRules: async () => awsSecretsManagerRules,
      checkoutsUnder: async () => [],
    },
    'weekly',
    { rule: 'weekly', trigger: 'schedule' },
  );
};

it('refuses an account of a pair, which only the rotation of the pair may change', async () => {
  const { waves, refused } = await plan({ pairs: [pairOf('app', 1, 2)] });
  expect(waves.waves.flat().map(({ key }) => key)).toEqual(['item account:3', 'item account:4']);
  expect(refused).toEqual([
    { id: 'account:1', title: 'db-1/a1', reason: 'It takes turns in app. Rotate app instead.' },
    { id: 'account:2', title: 'db-2/a2', reason: 'It takes turns in app. Rotate app instead.' },
  ]);
});

it('refuses an account that the vault changes together with one of a pair', async () => {
  const { waves, refused } = await plan({ pairs: [pairOf('app', 1, 2)], set: [2, 3] });
  expect(waves.waves.flat().map(({ key }) => key)).toEqual(['item account:4']);
  expect(refused.find(({ id }) => id === 'account:3')?.reason).toContain(
    'together with db-2/a2, which takes turns in app',
  );
});

it('refuses a pair that shares an account with one of another connection', async () => {
  const rule = { source: 'pairs', undelivered: true };
  const own = [pairOf('own', 2, 3), pairOf('alone', 4)];
  const { waves, refused } = await plan({ rule, listed: own, pairs: [pairOf('app', 1, 2)] });
  expect(waves.waves.flat().map(({ key }) => key)).toEqual(['item pair:alone']);
  expect(refused.map(({ reason }) => reason)).toEqual([
    'Its account db-2/a2 takes turns in app of pairs as well. Name each account in one pair only.',
  ]);
});

it('starts the syncs of every connection to the vault', async () => {
  const base = aRotationConfig();
  const { databases } = base.syncs;
  const config = {
    ...base,
    connections: { ...base.connections, ...(base.connections['vault'] && { reader: base.connections['vault'] }) },
    syncs: { ...base.syncs, ...(databases && { copies: { ...databases, connection: 'reader' } }) },
  };
  const { content } = await planRotationRule(
    {
      config,
      vaultOf: async () => rotatingVault(ACCOUNTS, () => 0).vault,
      rulesOf: async (_connection, source) => rulesOf(source),
      storeRules: async () => awsSecretsManagerRules,
      checkoutsUnder: async () => [],
    },
    'weekly',
    { rule: 'weekly', trigger: 'schedule' },
  );
  expect(content.items['account:1']?.syncs).toEqual(['databases', 'copies']);
  expect(content.items['account:1']?.targets.map(({ sync }) => sync)).toEqual(['databases', 'copies']);
});

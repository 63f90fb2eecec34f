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

it('refuses an account of a pair, which only the rotation of the pair may change', async () => {
  const accounts = accountsOf(3);
  const [first, second] = accounts;
  if (first === undefined || second === undefined) throw new Error('There are no accounts.');
  const pair: Item = {
    ...itemNumbered(9),
    ref: { kind: 'pair', id: 'app' },
    title: 'app',
    labels: { pairName: 'app' },
    members: [first, second],
  };
  const { connections, syncs } = aConfig();
  const schedule = { expression: 'rate(1 hour)' };
  const config = parseShapeOf({
    ...aRotationConfig(),
    connections: { ...connections, pairs: { ...connections['vault'] } },
    syncs: {
      ...syncs,
      app: { connection: 'pairs', source: 'pairs', stores: ['aws'], name: 'prod/{pairName}', schedule },
    },
  });
  const { waves, refused } = await planRotationRule(
    {
      config,
      vaultOf: async (name) =>
        name === 'pairs' ? fakeVault([pageOf([pair])]).vault : rotatingVault(accounts, () => 0).vault,
      rulesOf: async (_connection, rule) => rulesOf(rule),
      storeRules: async () => awsSecretsManagerRules,
      checkoutsUnder: async () => [],
    },
    'weekly',
    { rule: 'weekly', trigger: 'schedule' },
  );
  expect(waves.waves.flat().map(({ key }) => key)).toEqual(['item account:3']);
  expect(refused).toEqual([
    { id: 'account:1', title: 'db-1/a1', reason: 'It takes turns in app. Rotate app instead.' },
    { id: 'account:2', title: 'db-2/a2', reason: 'It takes turns in app. Rotate app instead.' },
  ]);
});

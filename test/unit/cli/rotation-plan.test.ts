import { describe, expect, it } from 'vitest';
import { chooseRules } from '#cli/plan/plan.ts';
import { planOneRotation, showRotation } from '#cli/plan/rotation-plan.ts';
import { RelayError } from '#shared/errors.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';
import { rotatingVault } from '#test/support/rotating-vault.ts';
import { collected } from './output.ts';

const ACCOUNTS = [1, 2, 3, 4].map((id) => itemNumbered(id, { labels: { systemName: `db-${id}` } }));

const planWith = async (rule: Record<string, unknown>) => {
  const vault = rotatingVault(ACCOUNTS, () => 0);
  const refusal = new RelayError('ChangeRefused', 'It is the user of the relay.');
  vault.placements.set('2', { system: 'db-2', after: [], refusal });
  const plan = await planOneRotation(
    {
      config: aRotationConfig(rule),
      vaultOf: async () => vault.vault,
      rulesOf: async (_connection, source) => rulesOf(source),
      storeRules: async () => awsSecretsManagerRules,
      checkoutsUnder: async () => [],
    },
    'weekly',
  );
  return { plan, calls: vault.calls };
};

describe('the plan of a rotation', () => {
  it('shows the waves, what is refused, and how long it lasts, and changes nothing', async () => {
    const { plan, calls } = await planWith({ canary: 1, size: 2, pauseMinutes: 30 });
    expect(calls).toEqual([]);
    expect(showRotation(plan, collected().output.paint)).toEqual([
      'Rotation weekly, in vault',
      '  Accounts    3, in 2 waves',
      '  Least time  32 min',
      '  Canary',
      '    db-1/a1',
      '  Wave 1',
      '    db-3/a3',
      '    db-4/a4',
      '  refuse  db-2/a2',
      '    It is the user of the relay.',
    ]);
  });

  it('says that nothing is selected', async () => {
    const { plan } = await planWith({ select: { systems: ['none'] } });
    expect(plan).toMatchObject({ accounts: 0, waves: [], notes: [expect.stringContaining('selects no item')] });
  });
});

describe('the rules of a plan', () => {
  const config = aRotationConfig();

  it('are rotations alone if they are named, and all syncs otherwise', () => {
    expect(chooseRules(config, { rotation: ['weekly'] })).toEqual({ syncs: [], rotations: ['weekly'] });
    expect(chooseRules(config, {}).rotations).toEqual([]);
    expect(() => chooseRules(config, { rotation: ['daily'] })).toThrow(/There is no rotation "daily".*weekly/);
  });
});

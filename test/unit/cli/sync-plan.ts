import { planOneSync, type SyncPlanOptions } from '#cli/plan/sync-plan.ts';
import type { PlanSides } from '#functions/sync/plan/plan-rule.ts';
import type { Item } from '#shared/domain/item.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { aConfig } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { fakeStore, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

export const NOW = Date.parse('2026-01-02T04:00:00Z');
export const RELAY_ID = 'pam-relay.111122223333.eu-central-1';
const VALUE = '{credential}';

const nameOf = ({ labels }: Item): string => `prod/${labels['systemName']}/${labels['accountName']}`;

/** The secret that a sync has delivered for an item. */
export const delivered = (item: Item, stamp?: string): StoredSecret => ({
  name: nameOf(item),
  stamp: stamp ?? stampOf('vault', item, createRendering(VALUE).fingerprint(item)),
});

interface Given {
  readonly items: readonly Item[];
  readonly secrets?: readonly StoredSecret[];
  readonly sync?: Readonly<Record<string, unknown>>;
}

/** Both sides of the sync `databases`, with fakes. */
export const sidesWith = ({ items, secrets = [], sync = {} }: Given): PlanSides => ({
  config: aConfig({ value: VALUE, ...sync }),
  vaultOf: async () => fakeVault([pageOf(items)]).vault,
  rulesOf: async (_connection, rule) => rulesOf(rule),
  storeFor: async () => fakeStore(secrets).store,
  storeRules: async () => awsSecretsManagerRules,
  pacingOf: async () => ({ id: 'aws', perSecond: 40, create: 1, replace: 2 }),
});

export const planWith = (given: Given, options: Partial<SyncPlanOptions> = {}) =>
  planOneSync({
    sides: sidesWith(given),
    sync: 'databases',
    relayId: RELAY_ID,
    memory: emptyMemory(),
    now: NOW,
    ...options,
  });

/** A sync with one decision of each kind. */
export const EVERY_KIND: Given & Pick<SyncPlanOptions, 'memory'> = (() => {
  const [fresh, stale, current, changing, parked] = [1, 2, 3, 4, 5].map((number) => itemNumbered(number));
  if (!fresh || !stale || !current || !changing || !parked) throw new TypeError('Five items.');
  const twins = [6, 7].map((number) => itemNumbered(number, { labels: { accountName: 'twin' } }));
  return {
    items: [fresh, stale, current, { ...changing, changing: true }, parked, ...twins],
    secrets: [
      delivered(stale, 'older'),
      delivered(current),
      { name: 'prod/db-01/gone', stamp: 'x' },
      { name: 'prod/db-01/missed', stamp: 'x' },
    ],
    sync: { orphans: { policy: 'delete', budget: 5 } },
    memory: {
      ...emptyMemory(),
      backoffs: { 'aws account:5': { reason: 'approval', times: 1, parkedUntil: NOW + 3_600_000 } },
      absent: { aws: ['prod/db-01/gone'] },
    },
  };
})();

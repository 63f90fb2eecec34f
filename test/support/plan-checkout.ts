import { createPlanCheckout } from '#functions/checkout/plan/plan.ts';
import type { Labels } from '#shared/domain/item.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { Run } from '#shared/workflows/run.ts';
import { anOrder, CHECKOUT, NOW, STARTED_AT } from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import type { fakeVault } from '#test/support/fake-vault.ts';
import { memoryClaims, type memoryRecords, type memorySignals } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';
import { minimalStore } from '#test/support/minimal/store.ts';

/** An account with this id and these labels. */
export const numbered = (id: string, labels: Labels) => anItem({ ref: { kind: 'account', id }, labels });
/** Items of the vault. */
export const ITEMS = [
  anItem(),
  numbered('4', { accountName: 'ops' }),
  numbered('7', { domainName: 'CORP', accountName: 'web' }),
];
/** Rules of stores with other names than Secrets Manager. */
const STORE_RULES: Readonly<Record<string, StoreRules>> = {
  box: minimalStore.rules,
  // A store that does not keep names apart shows that the plan compares them.
  mixing: {
    ...minimalStore.rules,
    name: { ...minimalStore.rules.name, encodePart: (text) => text.replaceAll(/\d/g, '') },
  },
};

export interface PlanParts {
  readonly records: ReturnType<typeof memoryRecords>;
  readonly signals: ReturnType<typeof memorySignals>;
  readonly vault: ReturnType<typeof fakeVault>;
}

export interface PlanAttempt {
  readonly now?: number;
  readonly run?: Partial<Run>;
  readonly startedAt?: string;
  /** True while a rotation is changing an item. */
  readonly isRotating?: boolean;
}

/** Plans the checkout of tests, with changes of its order and of its rule. */
export const planCheckout = (
  { records, signals, vault }: PlanParts,
  order: Record<string, unknown> = {},
  rule: Record<string, unknown> = {},
  { now = NOW, run = {}, startedAt = STARTED_AT, isRotating = false }: PlanAttempt = {},
) =>
  createPlanCheckout({
    relayId: 'relay',
    config: aCheckoutConfig({ value: '{credential}', ...rule }),
    vaultOf: async () => vault.vault,
    storeRules: async (store) => STORE_RULES[store] ?? awsSecretsManagerRules,
    placeOf: async (store) => `place of ${store}`,
    records,
    claims: memoryClaims(records, signals),
    signals,
    isRotating: async () => isRotating,
    now: () => now,
  })({ ...CHECKOUT, ...run, startedAt, order: anOrder(order) });

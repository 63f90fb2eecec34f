import { beforeEach, describe, expect, it } from 'vitest';
import { createPlanCheckout } from '#functions/checkout/plan/plan.ts';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import { createWatch } from '#functions/checkout/watch/watch.ts';
import { createStartRelease } from '#functions/upkeep/reap/start-release.ts';
import type { Action } from '#shared/domain/checkout/next-action.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aCheckoutRun, after, anOrder, CHECKOUT, NOW, STARTED_AT } from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { memoryClaims, memoryPages, memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';

const CLOSED = { checkedIn: { at: after(1), closed: 0 }, retired: { retired: 0 } };
const OVER = { watched: { next: 'report' as const, waitSeconds: 0, ending: 'cancelled' as const } };

describe('a stopped execution that reap released, redriven with its name and start', () => {
  let records: ReturnType<typeof memoryRecords>;
  let signals: ReturnType<typeof memorySignals>;
  const vault = fakeVault([pageOf([anItem()])]);
  const shared = () => ({ vaultOf: async () => vault.vault, records, signals, tell: async () => {}, now: () => NOW });
  const plan = (): Promise<unknown> =>
    createPlanCheckout({
      relayId: 'relay',
      ...shared(),
      claims: memoryClaims(records, signals),
      config: aCheckoutConfig({ value: '{credential}' }),
      storeRules: async () => awsSecretsManagerRules,
      placeOf: async (store) => store,
      isRotating: async () => false,
    })({ ...CHECKOUT, startedAt: STARTED_AT, order: anOrder() });
  const watch = (): Promise<Action> => createWatch(shared())(aCheckoutRun);
  const report = (type: 'checkout.requested' | 'checkout.abandoned') =>
    createReportCheckout({ ...shared(), pages: memoryPages(), measure: async () => {}, notify: async () => {} })({
      ...CHECKOUT,
      ...CLOSED,
      ...OVER,
      order: { ...aCheckoutRun.order, type },
    });
  /** A release as reap starts it. It can wait for a day, and reports only afterwards. */
  const startRelease = () =>
    createStartRelease({ start: async () => true }, signals, () => NOW)({ ...CHECKOUT, isSettled: true });
  const isOpen = (): boolean => signals.keys.has(checkoutAt.open(CHECKOUT));

  beforeEach(async () => {
    records = memoryRecords();
    signals = memorySignals();
    await plan();
    expect(await watch()).toMatchObject({ next: 'request' });
  });

  it('opens nothing once its release has started, and closes', async () => {
    await startRelease();
    expect(await watch()).toMatchObject({ next: 'checkin', ending: 'cancelled' });
  });

  it('is planned, closed and no longer open at the end, and keeps the first report', async () => {
    await startRelease();
    expect(await report('checkout.abandoned')).toMatchObject({ status: 'abandoned' });
    expect(isOpen()).toBe(false);

    await plan();
    expect(isOpen()).toBe(true);
    expect(await watch()).toMatchObject({ next: 'checkin' });
    expect(await report('checkout.requested')).toMatchObject({ status: 'abandoned' });
    expect(isOpen()).toBe(false);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createPlanCheckout } from '#functions/checkout/plan/plan.ts';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import { createWatch } from '#functions/checkout/watch/watch.ts';
import { createStartRelease } from '#functions/upkeep/reap/start-release.ts';
import type { Move } from '#shared/domain/checkout/next-move.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aCheckoutRun, after, anOrder, CHECKOUT, NOW, STARTED_AT } from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { memoryClaims, memoryNotes, memoryRecords } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';

const CLOSED = { checkedIn: { at: after(1), closed: 0 }, retired: { retired: 0 } };
const OVER = { watched: { next: 'report' as const, waitSeconds: 0, ending: 'cancelled' as const } };

describe('an execution that was stopped, released by reap, and is redriven under its name and start', () => {
  let records: ReturnType<typeof memoryRecords>;
  let notes: ReturnType<typeof memoryNotes>;
  const vault = fakeVault([pageOf([anItem()])]);
  const shared = () => ({ vaultOf: async () => vault.vault, records, notes, now: () => NOW });
  const plan = (): Promise<unknown> =>
    createPlanCheckout({
      ...shared(),
      claims: memoryClaims(records, notes),
      config: aCheckoutConfig({ value: '{credential}' }),
      storeRules: async () => awsSecretsManagerRules,
    })({ ...CHECKOUT, startedAt: STARTED_AT, order: anOrder() });
  const watch = (): Promise<Move> => createWatch(shared())(aCheckoutRun);
  const report = (type: 'checkout.requested' | 'checkout.abandoned') =>
    createReportCheckout({ ...shared(), measure: async () => {}, notify: async () => {} })({
      ...CHECKOUT,
      ...CLOSED,
      ...OVER,
      order: { ...aCheckoutRun.order, type },
    });
  /** As reap has it started; its waits may take a day, before which it reports nothing. */
  const startRelease = () =>
    createStartRelease({ start: async () => true }, notes, () => NOW)({ ...CHECKOUT, isSettled: true });
  const isOpen = (): boolean => notes.keys.has(checkoutAt.open(CHECKOUT));

  beforeEach(async () => {
    records = memoryRecords();
    notes = memoryNotes();
    await plan();
    expect(await watch()).toMatchObject({ next: 'request' });
  });

  it('opens nothing from the moment on at which its release is started, and closes', async () => {
    await startRelease();
    expect(await watch()).toMatchObject({ next: 'checkin', ending: 'cancelled' });
  });

  it('is planned, closed and no longer open in the end, and the first report holds', async () => {
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

import type { CheckoutConfig } from '#shared/config/schema.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import { type CheckoutOrder, checkoutOrderSchema } from '#shared/messages/messages.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import type { Run } from '#shared/workflows/run.ts';
import { aCheckoutRule } from '#test/support/configs.ts';
import { itemNumbered } from '#test/support/items.ts';

/** The default sender of messages. */
export const SENDER: Principal = { kind: 'aws', id: 'AROA1234567890SENDER' };

/** The identity of a checkout of that sender. */
export const identityOf = (id: string, checkout = 'tickets', principal = SENDER): CheckoutIdentity => ({
  checkout,
  id,
  principal,
  opening: '2026-03-01T00:00:00.000Z',
});

/** The checkout under test in tests of single steps. */
export const CHECKOUT = { workflow: 'checkout', rule: 'tickets', run: checkoutRun(identityOf('CHG1')) } as const;
/** A checkout whose run name starts with the run name of {@link CHECKOUT}. */
export const OTHER_CHECKOUT: Run = { ...CHECKOUT, run: `${CHECKOUT.run}0` };
export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const MARKER = `[relay/checkout/tickets/${CHECKOUT.run}/0]`;

/** The time that many minutes after {@link NOW}. */
export const after = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

/** Start time of the execution of {@link CHECKOUT}. */
export const STARTED_AT = after(-1);

/** A rule with the defaults of relay.yaml. */
export const aRule = (overrides: Record<string, unknown> = {}): CheckoutConfig =>
  aCheckoutRule({ value: '{credential}', ...overrides });

export const anOrder = (overrides: Record<string, unknown> = {}): CheckoutOrder =>
  checkoutOrderSchema.parse({
    type: 'checkout.requested',
    ...identityOf('CHG1'),
    items: [{ systemName: 'db-01', accountName: 'sa' }],
    window: { minutes: 60 },
    reason: 'Replace a disk',
    ...overrides,
  });

export interface RecordedCheckout {
  readonly rule?: Record<string, unknown>;
  readonly order?: Record<string, unknown>;
  /** Numbers of the items. Default: 10. */
  readonly numbers?: readonly number[];
}

/** The record that the plan step writes. */
export const aRecord = ({ rule, order, numbers = [10] }: RecordedCheckout = {}): CheckoutRecord => {
  const settings = aRule(rule);
  const { stores } = settings;
  return {
    ...CHECKOUT,
    settings,
    order: anOrder(order),
    startedAt: STARTED_AT,
    plannedAt: after(0),
    items: numbers.map((number) => ({
      item: itemNumbered(number),
      targets: stores.map((store) => ({ store, name: `checkouts/CHG1/db-01/a${number}`, place: store })),
    })),
  };
};

export const recordCheckout = (records: Records, checkoutOf: RecordedCheckout = {}): Promise<void> =>
  records.write(checkoutAt.record(CHECKOUT), aRecord(checkoutOf));

/** The input common to all steps of the checkout. */
export const aCheckoutRun = {
  ...CHECKOUT,
  order: { type: 'checkout.requested', id: 'CHG1', principal: SENDER },
} as const;

import { checkout } from '#shared/config/schema/checkout.ts';
import type { CheckoutConfig } from '#shared/config/schema.ts';
import { type CheckoutRequested, checkoutOrderSchema } from '#shared/messages.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { anAccount } from '#test/support/accounts.ts';

/** The checkout that tests of single steps are about. */
export const RUN = 'tickets.CHG1';
export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const MARKER = `[relay/${RUN}/0]`;

/** A moment so many minutes after {@link NOW}. */
export const after = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

/** A rule with the defaults of relay.yaml; a test names only what matters to it. */
export const aRule = (overrides: Record<string, unknown> = {}): CheckoutConfig =>
  checkout.parse({
    connection: 'vault',
    store: 'aws',
    name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
    value: '{credential}',
    ...overrides,
  });

export const anOrder = (overrides: Record<string, unknown> = {}): CheckoutRequested =>
  checkoutOrderSchema.parse({
    type: 'checkout.requested',
    checkout: 'tickets',
    id: 'CHG1',
    accounts: [{ system: 'db-01', account: 'sa' }],
    window: { minutes: 60 },
    reason: 'Replace a disk',
    ...overrides,
  });

export interface RecordedCheckout {
  readonly rule?: Record<string, unknown>;
  readonly order?: Record<string, unknown>;
  /** One account, 10, when left out. */
  readonly accountIds?: readonly number[];
}

/** What planning writes down. */
export const aRecord = ({ rule, order, accountIds = [10] }: RecordedCheckout = {}): CheckoutRecord => ({
  run: RUN,
  rule: aRule(rule),
  order: anOrder(order),
  plannedAt: after(0),
  items: accountIds.map((accountId) => ({
    account: anAccount({ accountId, accountName: `a${accountId}`, maximumReleaseMinutes: 600 }),
    secretName: `checkouts/CHG1/db-01/a${accountId}`,
  })),
});

export const recordCheckout = (records: Records, checkoutOf: RecordedCheckout = {}): Promise<void> =>
  records.write(checkoutAt.record('tickets', RUN), aRecord(checkoutOf));

/** What every step of the checkout is given. */
export const aCheckoutRun = {
  run: RUN,
  order: { type: 'checkout.requested', checkout: 'tickets', id: 'CHG1' },
} as const;

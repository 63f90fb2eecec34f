import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { checkoutNamed } from '#shared/config/checkout-named.ts';
import type { CheckoutConfig } from '#shared/config/schema.ts';
import { type Account, describeAccount } from '#shared/domain/account.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import type { CheckoutRequested } from '#shared/messages.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';

export interface PlanCheckoutDependencies {
  readonly checkouts: Readonly<Record<string, CheckoutConfig>>;
  readonly vaultOf: (connection: string) => Vault;
  readonly records: Records;
  readonly notes: Notes;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Finds the accounts that a message asks for, sees that the rule allows them, and writes down what the checkout is about.
 * Opens nothing. Safe to repeat: what was written down first holds.
 */
export const createPlanCheckout =
  ({ checkouts, vaultOf, records, notes, now }: PlanCheckoutDependencies) =>
  async ({ run, order }: { run: string; order: CheckoutRequested }): Promise<{ accounts: number }> => {
    const place = checkoutAt.record(order.checkout, run);
    const written = await records.read(place);
    if (written !== undefined) return { accounts: written.items.length };

    const rule = checkoutNamed(checkouts, order.checkout);
    checkWindow(order, rule, now());
    const nameOf = createNaming(rule.name, order.id);
    const accounts = await vaultOf(rule.connection).withSession((session) => findAccounts(session, order, rule));
    const items = accounts.map((account) => ({ account, secretName: nameOf(account) }));
    checkNames(order, items);
    // Before anything can be open, so that whatever ends this run is found by `reap`.
    await notes.put(checkoutAt.open(order.checkout, run));
    await records.write(place, { run, rule, order, plannedAt: new Date(now()).toISOString(), items });
    return { accounts: items.length };
  };

const refused = (order: CheckoutRequested, problem: string): RelayError =>
  new RelayError('CheckoutRefused', `Checkout ${order.checkout}.${order.id}: ${problem}`);

const MINUTE_MS = 60_000;
/** With the longest approval, window and extension of relay.yaml, it stays below a year, which an execution may take. */
const LONGEST_LEAD_DAYS = 60;

/** What the queue has looked at before; but a message may have waited, and whoever starts an execution by hand skips it. */
const checkWindow = (order: CheckoutRequested, { longestMinutes }: CheckoutConfig, now: number): void => {
  const { window } = order;
  const from = Math.max(now, Date.parse(window.from ?? '') || now);
  const minutes = 'until' in window ? (Date.parse(window.until) - from) / MINUTE_MS : window.minutes;
  if (from > now + LONGEST_LEAD_DAYS * 24 * 60 * MINUTE_MS) {
    throw refused(order, `its window begins in more than ${LONGEST_LEAD_DAYS} days. Ask again, later.`);
  }
  if (minutes <= 0) throw refused(order, 'its window is over. Ask for one that is not, under another id.');
  if (minutes > longestMinutes) {
    throw refused(
      order,
      `it asks for more than the ${longestMinutes} minutes that the rule allows. Ask for less, or raise longestMinutes in relay.yaml.`,
    );
  }
};

/** The second of two accounts with one name would take the place of the first. */
const checkNames = (order: CheckoutRequested, items: CheckoutRecord['items']): void => {
  for (const [index, { account, secretName }] of items.entries()) {
    const other = items.slice(0, index).find((earlier) => earlier.secretName === secretName);
    if (other === undefined) continue;
    throw new RelayError(
      'NameCollision',
      `Checkout ${order.checkout}.${order.id}: ${describeAccount(other.account)} and ${describeAccount(account)} would share the secret ${secretName}. Make the rule's name template tell them apart, for example with {domainName} or {accountId}.`,
    );
  }
};

/** Always in the same order, so that two checkouts that want the same accounts never wait for each other. */
const findAccounts = async (
  session: VaultSession,
  order: CheckoutRequested,
  rule: CheckoutConfig,
): Promise<Account[]> => {
  const found = new Map<number, Account>();
  for (const { system, account: name } of order.accounts) {
    const account = await session.findAccount(system, name);
    if (account === undefined) {
      throw refused(
        order,
        `the vault shows no account ${name} on system ${system} to the relay's user. Check both names, and its access.`,
      );
    }
    if (!isSelected(rule.select, account)) {
      throw refused(order, `the rule does not allow ${describeAccount(account)}. Ask under another rule.`);
    }
    found.set(account.accountId, account);
  }
  return [...found.values()].sort((one, other) => one.accountId - other.accountId);
};

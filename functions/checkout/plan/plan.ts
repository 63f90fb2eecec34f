import { ruleOf } from '#shared/config/rules.ts';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import { findOne } from '#shared/connections/find-one.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { describeAddress } from '#shared/domain/addressing.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { minutesLeft, windowStart } from '#shared/domain/checkout/window.ts';
import { type Item, itemKey, type Labels } from '#shared/domain/item.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { Run } from '#shared/workflows/run.ts';

export interface PlanCheckoutDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly storeRules: (store: string) => Promise<StoreRules>;
  readonly records: Pick<Records, 'read'>;
  readonly claims: Claims;
  readonly notes: Pick<Notes, 'put'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type PlanInput = Run & { readonly order: CheckoutOrder; readonly startedAt: string };

/**
 * Finds the items that a message asks for, checks that the rule allows them, and writes down what the checkout is about. Opens
 * nothing. Repeatable by the same execution, redriven or not: what it wrote down first holds.
 */
export const createPlanCheckout =
  ({ config, vaultOf, storeRules, records, claims, notes, now }: PlanCheckoutDependencies) =>
  async ({ order, startedAt, ...run }: PlanInput): Promise<{ items: number }> => {
    checkName(order, run.run);
    const place = checkoutAt.record(run);
    const written = await records.read(place);
    if (written !== undefined) {
      checkSame(written, order, startedAt);
      // The attempt before may have been released already, which takes the note away.
      await notes.put(checkoutAt.open(run));
      return { items: written.items.length };
    }

    const settings = ruleOf(config, 'checkout', run.rule);
    checkWindow(order, settings, now());
    const vault = await vaultOf(settings.connection);
    const { labels, patterns, toTellApart } = vault.rules(settings);
    const { name: rules } = await storeRules(settings.store);
    const nameOf = createNaming({ template: settings.name, labels, rules, checkoutId: order.id });
    const found = await vault.session((session) => findItems(session, order, settings, patterns));
    const items = found.map((item) => ({ item, secretName: nameOf(item) }));
    checkNames(order, items, toTellApart);
    // Before anything can be open, so that whatever ends this run is found by `reap`.
    await notes.put(checkoutAt.open(run));
    const plannedAt = new Date(now()).toISOString();
    // A late attempt changes nothing that the steps after this one go by.
    const held = await claims.claim(place, { ...run, settings, order, startedAt, plannedAt, items });
    checkSame(held, order, startedAt);
    return { items: held.items.length };
  };

/** By another name nothing of it would be found again: neither by a release, nor by a message about it. */
const checkName = (order: CheckoutOrder, run: string): void => {
  if (run === checkoutRun(order)) return;
  throw new RelayError(
    'ConfigurationInvalid',
    `The execution of a checkout has to be named after it: start it as ${checkoutRun(order)}, not ${run}.`,
  );
};

/** A record is kept for longer than the name of its execution, so that another execution may come upon it. */
const checkSame = (written: CheckoutRecord, order: CheckoutOrder, startedAt: string): void => {
  const isSame = written.startedAt === startedAt && JSON.stringify(written.order) === JSON.stringify(order);
  if (!isSame) throw refused(order, 'this id was used before. Ask again, under another id.');
};

const refused = (order: CheckoutOrder, problem: string): RelayError =>
  new RelayError('CheckoutRefused', `Checkout ${order.checkout}.${order.id}: ${problem}`);

/** With the longest approval, window and extension of relay.yaml, it stays below a year, which an execution may take. */
const MAX_LEAD_DAYS = 60;
const DAY_MS = 24 * 3_600_000;

/** What the queue has looked at before; but a message may have waited, and an execution may be started by hand. */
const checkWindow = (order: CheckoutOrder, { longestMinutes }: CheckoutConfig, now: number): void => {
  const { window } = order;
  if (windowStart(window, now) > now + MAX_LEAD_DAYS * DAY_MS) {
    throw refused(order, `its window begins in more than ${MAX_LEAD_DAYS} days. Ask again, later.`);
  }
  const minutes = minutesLeft(window, now);
  if (minutes <= 0) throw refused(order, 'its window is over. Ask for one that is not, under another id.');
  if (minutes > longestMinutes) {
    throw refused(
      order,
      `it asks for more than the ${longestMinutes} minutes that the rule allows. Ask for less, or raise longestMinutes in relay.yaml.`,
    );
  }
};

/** The second of two items with one name would take the place of the first. */
const checkNames = (order: CheckoutOrder, items: CheckoutRecord['items'], toTellApart: string): void => {
  for (const [index, { item, secretName }] of items.entries()) {
    const other = items.slice(0, index).find((earlier) => earlier.secretName === secretName);
    if (other === undefined) continue;
    throw new RelayError(
      'NameCollision',
      `Checkout ${order.checkout}.${order.id}: ${other.item.title} and ${item.title} would share the secret ${secretName}. Make the rule's name template tell them apart, for example with ${toTellApart}.`,
    );
  }
};

/** Always in the same order, so that two checkouts that want the same items never wait for each other. */
const findItems = async (
  session: VaultSession,
  order: CheckoutOrder,
  settings: CheckoutConfig,
  patterns: Patterns,
): Promise<Item[]> => {
  const found = new Map<string, Item>();
  for (const address of order.items) {
    const item = await lookUp(session, order, settings, address);
    if (item === undefined) {
      throw refused(
        order,
        `the vault shows no item with ${describeAddress(address)} to the relay's user. Check each name, and its access.`,
      );
    }
    if (!isSelected(patterns, item.labels)) {
      throw refused(order, `the rule does not allow ${item.title}. Ask under another rule.`);
    }
    found.set(itemKey(item.ref), item);
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
};

/** What the vault does not take for a question, or has several answers to, is the message's own fault. */
const lookUp = async (
  session: VaultSession,
  order: CheckoutOrder,
  settings: CheckoutConfig,
  address: Labels,
): Promise<Item | undefined> => {
  try {
    return await findOne(session, settings, address);
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.name !== 'RequestRejected') throw thrown;
    throw refused(order, `its item with ${describeAddress(address)} can not be looked up. ${thrown.message}`);
  }
};

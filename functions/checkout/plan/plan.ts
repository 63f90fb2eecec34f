import { ruleOf } from '#shared/config/rules.ts';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import { findOne } from '#shared/connections/find-one.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { describeAddress } from '#shared/domain/addressing.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { isTooFarAhead, MAX_LEAD_DAYS, minutesLeft, windowStart } from '#shared/domain/checkout/window.ts';
import { type Item, itemKey, type Labels } from '#shared/domain/item.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import type { CheckoutOrder } from '#shared/messages/messages.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import { ticketedAt, ticketNumbersOf } from '#shared/records/ticketed.ts';
import type { IsRotating } from '#shared/rotation/is-rotating.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { Planned } from '#shared/workflows/checkout.ts';
import type { Run } from '#shared/workflows/run.ts';
import { prepareOpening } from './open-now.ts';

export interface PlanCheckoutDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly storeRules: (store: string) => Promise<StoreRules>;
  readonly placeOf: (store: string) => Promise<string>;
  readonly records: Pick<Records, 'read'>;
  readonly claims: Claims;
  readonly signals: Pick<Signals, 'put' | 'list'>;
  readonly isRotating: IsRotating;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type PlanInput = Run & { readonly order: CheckoutOrder; readonly startedAt: string };

/**
 * Finds the requested items, checks that the rule allows them, and writes the record of the checkout. If nothing has to
 * wait, it then opens the leases, in the same session: the attempt that writes the record knows that the checkout has
 * none yet. After that it raises only refusals that are final, because the request step finds what was opened.
 * Repeatable by the same execution, redriven or not: the first record is final, and no later attempt opens anything.
 */
export const createPlanCheckout =
  (dependencies: PlanCheckoutDependencies) =>
  async ({ order, startedAt, ...run }: PlanInput): Promise<Planned> => {
    const { config, vaultOf, storeRules, placeOf, records, claims, signals, now } = dependencies;
    checkName(order, run.run);
    const place = checkoutAt.record(run);
    const written = await records.read(place);
    if (written !== undefined) {
      checkSame(written, order, startedAt);
      // A release after the earlier attempt may have removed this object.
      await signals.put(checkoutAt.open(run));
      return { items: written.items.length };
    }

    const settings = ruleOf(config, 'checkout', run.rule);
    checkWindow(order, settings, now());
    const vault = await vaultOf(settings.connection);
    const rules = vault.rules(settings);
    const { labels, patterns, distinguishingPlaceholder } = rules;
    const namings = await Promise.all(
      settings.stores.map(async (store) => {
        const { name: nameRules } = await storeRules(store);
        const nameOf = createNaming({ template: settings.name, labels, rules: nameRules, checkoutId: order.id });
        return { store, place: await placeOf(store), nameOf };
      }),
    );
    return vault.session(async (session) => {
      const found = await findItems(session, order, settings, patterns);
      const items = found.map((item) => ({
        item,
        targets: namings.map(({ store, place, nameOf }) => ({ store, name: nameOf(item), place })),
      }));
      checkNames(order, items, distinguishingPlaceholder);
      const openNow = await prepareOpening(session, { run, settings, order, rules, items: found }, dependencies);
      // Written before anything can be open, so that `reap` finds the checkout however its execution ends.
      await signals.put(checkoutAt.open(run));
      // A rotation of everything under the ticket must find whatever was opened.
      for (const number of ticketNumbersOf(order)) await signals.put(ticketedAt.checkout(number, run));
      const plannedAt = new Date(now()).toISOString();
      const proposed = { ...run, settings, order, startedAt, plannedAt, items };
      // A late attempt must not change the record that later steps use.
      const held = await claims.claim(place, proposed);
      checkSame(held, order, startedAt);
      const requested = held === proposed ? await openNow?.() : undefined;
      return { items: held.items.length, ...(requested && { requested }) };
    });
  };

/** Neither a release nor a message would find a checkout under another name. */
const checkName = (order: CheckoutOrder, run: string): void => {
  if (run === checkoutRun(order)) return;
  throw new RelayError(
    'ConfigurationInvalid',
    `The name of a checkout's execution is derived from its order. Start it as ${checkoutRun(order)}, not ${run}.`,
  );
};

/** A record is kept longer than the name of its execution, so a later execution with the same name can find it. */
const checkSame = (written: CheckoutRecord, order: CheckoutOrder, startedAt: string): void => {
  const isSame = written.startedAt === startedAt && JSON.stringify(written.order) === JSON.stringify(order);
  if (!isSame) throw refused(order, 'this id was used before. Send the request again with another id.');
};

const refused = (order: CheckoutOrder, problem: string): RelayError =>
  new RelayError('CheckoutRefused', `Checkout ${order.checkout}.${order.id}: ${problem}`);

/** Repeats the checks of the queue, because a message may have waited and an execution can be started by hand. */
const checkWindow = (order: CheckoutOrder, { maxMinutes }: CheckoutConfig, now: number): void => {
  const { window } = order;
  if (isTooFarAhead(windowStart(window, now), now)) {
    throw refused(order, `its window begins in more than ${MAX_LEAD_DAYS} days. Send the request later.`);
  }
  const minutes = minutesLeft(window, now);
  if (minutes <= 0) throw refused(order, 'its window has ended. Request a later window with another id.');
  if (minutes > maxMinutes) {
    throw refused(
      order,
      `it requests more than the ${maxMinutes} minutes that the rule allows. Request less, or raise maxMinutes in relay.yaml.`,
    );
  }
};

/** If two items had the same secret name in a store, the second would overwrite the first. */
const checkNames = (order: CheckoutOrder, items: CheckoutRecord['items'], distinguishingPlaceholder: string): void => {
  const titles = new Map<string, string>();
  for (const { item, store, name } of items.flatMap(({ item, targets }) => targets.map((at) => ({ item, ...at })))) {
    const key = JSON.stringify([store, name]);
    const other = titles.get(key);
    titles.set(key, item.title);
    if (other === undefined) continue;
    throw new RelayError(
      'NameCollision',
      `Checkout ${order.checkout}.${order.id}: ${other} and ${item.title} would share the secret ${name} in the store ${store}. Add a placeholder that distinguishes them to the rule's name template, for example ${distinguishingPlaceholder}.`,
    );
  }
};

/** Returns the items in a fixed order, so that two checkouts of the same items never wait for each other. */
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
        `the relay's user sees no item with ${describeAddress(address)} in the vault. Check the names and the user's permissions.`,
      );
    }
    if (!isSelected(patterns, item.labels)) {
      throw refused(order, `the rule does not allow ${item.title}. Use another rule.`);
    }
    found.set(itemKey(item.ref), item);
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
};

/** An address that the vault rejects, or that is ambiguous there, is an error of the message. */
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
    throw refused(order, `the item with ${describeAddress(address)} cannot be looked up. ${thrown.message}`);
  }
};

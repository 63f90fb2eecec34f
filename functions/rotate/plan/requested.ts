import pMap from 'p-map';
import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import { type AddressRules, createIsAddressed, describeAddress } from '#shared/domain/addressing.ts';
import { type Item, itemKey, type Labels, textOf } from '#shared/domain/item.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';
import type { Signals } from '#shared/records/signals.ts';
import { ticketedAt } from '#shared/records/ticketed.ts';
import type { RotationOrder } from '#shared/workflows/rotate.ts';

/** Items that an order selects, of those that its rule selects. */
export interface Requested {
  /** True for an item of the order. Every item that the rule selects is asked about once. */
  readonly isRequested: (item: Pick<Item, 'ref' | 'labels'>) => boolean;
  /** Findings once every item was asked about, one line each. */
  readonly notes: () => readonly string[];
}

export interface RequestedDependencies {
  readonly config: RelayConfig;
  readonly checkoutsUnder: CheckoutsUnder;
}

/** Checkouts whose items an order selects: those under a ticket, or one. */
type Named = { readonly ticket: string } | { readonly checkout: NonNullable<RotationOrder['checkout']> };

/** Reads the records of the named checkouts. */
export type CheckoutsUnder = (named: Named) => Promise<readonly CheckoutRecord[]>;

/** Creates the reading of checkouts from the records bucket. Repeatable. */
export const createCheckoutsUnder =
  (records: Pick<Records, 'read'>, signals: Pick<Signals, 'list'>): CheckoutsUnder =>
  async (named) => {
    const runs =
      'checkout' in named
        ? [named.checkout]
        : (await signals.list(ticketedAt.prefix(named.ticket))).flatMap((key) => ticketedAt.read(key) ?? []);
    const read = await pMap(runs, (run) => records.read(checkoutAt.record(run)), { concurrency: MAX_CONCURRENCY });
    return read.filter((record) => record !== undefined);
  };

const MAX_CONCURRENCY = 16;

/** Titles in a note. */
const MAX_TITLES = 20;

/** Reads what the order of a rotation selects. Raises `ConfigurationInvalid` if the source has no such selection. */
export const readRequested = async (
  { items, systems, ticket, checkout }: RotationOrder,
  rule: RotationConfig,
  address: AddressRules | undefined,
  dependencies: RequestedDependencies,
): Promise<Requested> => {
  if (items !== undefined) return byAddress(items, address ?? refuse(rule, 'items'));
  if (systems !== undefined) return bySystem(systems, address?.narrowing ?? refuse(rule, 'systems'));
  if (ticket !== undefined) return byCheckouts({ ticket }, `under the ticket ${ticket}`, rule, dependencies);
  return checkout === undefined
    ? EVERYTHING
    : byCheckouts({ checkout }, `in the execution ${checkout.run}`, rule, dependencies);
};

const EVERYTHING: Requested = { isRequested: () => true, notes: () => [] };

const refuse = ({ source }: RotationConfig, field: string): never => {
  throw new RelayError(
    'ConfigurationInvalid',
    `Items of ${source} cannot be selected by ${field}. Select them by a ticket, or by the schedule of the rule.`,
  );
};

const byAddress = (addresses: readonly Labels[], rules: AddressRules): Requested => {
  const wanted = addresses.map((address) => ({ address, isMeant: createIsAddressed(rules, [address]) }));
  const found = new Set<Labels>();
  return {
    isRequested: ({ labels }) => {
      const meant = wanted.filter(({ isMeant }) => isMeant(labels));
      for (const { address } of meant) found.add(address);
      return meant.length > 0;
    },
    notes: () =>
      wanted
        .filter(({ address }) => !found.has(address))
        .map(({ address }) => `The rule selects no item with ${describeAddress(address)}. Check its names and select.`),
  };
};

const bySystem = (patterns: readonly string[], { label }: NonNullable<AddressRules['narrowing']>): Requested => ({
  isRequested: ({ labels }) => matchesGlobs(textOf(labels, label), patterns),
  notes: () => [],
});

/** Items of the named checkouts, over or not. Those of other vaults, and of aliases, are only noted. */
const byCheckouts = async (
  named: Named,
  where: string,
  { connection }: RotationConfig,
  { config, checkoutsUnder }: RequestedDependencies,
): Promise<Requested> => {
  const checkouts = await checkoutsUnder(named);
  const isSame = (name: string): boolean => isSameVault(config, name, connection);
  const left = new Map<string, string>();
  const wanted = new Set<string>();
  for (const { settings, items } of checkouts) {
    for (const { item } of items) {
      const key = itemKey(item.ref);
      left.set(`${settings.connection} ${key}`, `${item.title} of ${settings.connection}`);
      if (isSame(settings.connection)) wanted.add(key);
    }
  }
  const found = new Set<string>();
  return {
    isRequested: ({ ref }) => {
      const key = itemKey(ref);
      if (wanted.has(key)) found.add(key);
      return wanted.has(key);
    },
    notes: () => {
      if (checkouts.length === 0) return [`This relay has no record of a checkout ${where}.`];
      const missing = [...left]
        .filter(([place]) => {
          const [name = '', key = ''] = place.split(' ');
          return !(isSame(name) && found.has(key));
        })
        .map(([, title]) => title);
      if (missing.length === 0) return [];
      const more = missing.length - MAX_TITLES;
      const titles = [...missing.slice(0, MAX_TITLES), ...(more > 0 ? [`${more} more`] : [])].join(', ');
      return [`The rule does not select everything that was checked out ${where}. Left out: ${titles}.`];
    },
  };
};

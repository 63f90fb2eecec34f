import pMap from 'p-map';
import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { ItemPage, Vault, VaultSession } from '#shared/connections/vault.ts';
import { type AddressRules, createIsAddressed, describeAddress } from '#shared/domain/addressing.ts';
import { shownSince } from '#shared/domain/changes.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { isWholeSegment } from '#shared/domain/template.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { listHeld, listStores, type Scan, type StoreSide, type StoreState } from './scan.ts';

/** Above this number, listing everything costs fewer calls. */
const MAX_NARROWED_LISTS = 20;
const MAX_INSPECTIONS = 200;

const MAX_CONCURRENCY = 8;

export interface NamedScan {
  readonly rule: SyncConfig;
  readonly rules: Pick<SourceRules, 'address' | 'patterns'>;
  readonly vault: Vault;
  readonly sides: readonly StoreSide[];
  readonly named: readonly Labels[];
  /** Earlier changes are known, UTC ISO 8601. */
  readonly since?: string | undefined;
}

/**
 * Looks up only the named items and their secrets. It also lists every other item that could have the same secret name
 * in a store, because items that share a name must not be delivered. A failed look-up affects only its own target.
 */
export const scanNamed = async ({ rule, rules, vault, sides, named, since }: NamedScan): Promise<Scan> => {
  const { address, patterns } = rules;
  if (address === undefined) {
    throw new RelayError('ConfigurationInvalid', `A sync of ${rule.source} cannot run for named items.`);
  }
  const { items, complete, changesSince, remarks } = await vault.session((session) =>
    listAround({ session, rule, since }, address, named),
  );
  const selected = items.filter(({ labels }) => isSelected(patterns, labels));
  const wanted = withSharers(selected, sides, createIsAddressed(address, named));
  const listed = await listStores(sides, ({ store, secrets }) =>
    lookUp(secrets, new Set(wanted.flatMap(({ names }) => names.get(store) ?? []))),
  );
  return {
    ...listed,
    remarks,
    eachPage: (visit) => visit({ items: wanted.map(({ item }) => item), complete, changesSince }, undefined),
  };
};

const remarkOn = (item: string, { name, message }: RelayError): Omit<Remark, 'stores'> => ({
  item,
  outcome: 'failed',
  error: name,
  message,
});

/** Reads the state of some names. Failures of single names are returned; those of an unavailable store are raised. */
const lookUp = async (store: SecretStore, names: ReadonlySet<string>): Promise<StoreState> => {
  // A whole run looks at everything beside the values.
  const nothingElse = { incomplete: new Set<string>(), warnings: [] };
  if (names.size > MAX_INSPECTIONS) {
    const { held } = await listHeld(store);
    return { ...nothingElse, held: new Map([...held].filter(([name]) => names.has(name))), failures: new Map() };
  }
  const held = new Map<string, string | undefined>();
  const failures = new Map<string, RelayError>();
  await pMap(
    names,
    async (name) => {
      try {
        const presence = await store.inspect(name);
        if (presence.kind !== 'owned' || presence.retired) return;
        // Like the list, so that the delivery is repeated.
        held.set(name, presence.unconfirmed === true ? undefined : presence.stamp);
      } catch (thrown) {
        const failure = asRelayError(thrown, `Looking up ${name}`);
        if (failure.retryable) throw failure;
        failures.set(name, failure);
      }
    },
    { concurrency: MAX_CONCURRENCY },
  );
  return { ...nothingElse, held, failures };
};

type Listed = Pick<ItemPage, 'items' | 'complete' | 'changesSince'>;

/** Items to list, and their source. */
interface Listing {
  readonly session: VaultSession;
  readonly rule: SyncConfig;
  readonly since: string | undefined;
}

/** Lists the items that share the narrowing label with a named one, or all items if others could share their names. */
const listAround = async (
  listing: Listing,
  { narrowing }: AddressRules,
  named: readonly Labels[],
): Promise<Listed & { readonly remarks: Scan['remarks'] }> => {
  const { session, rule } = listing;
  const groups = narrow(rule.name, narrowing, named);
  if (groups === undefined) return { ...(await list(listing)), remarks: [] };
  const parts: Listed[] = [];
  const remarks: Omit<Remark, 'stores'>[] = [];
  for (const { within, addresses } of groups) {
    try {
      parts.push(await list(listing, within));
    } catch (thrown) {
      await requireAnswers(session, rule);
      parts.push({ items: [], complete: false });
      const failure = asRelayError(thrown, `Listing around ${describeAddress(within)}`);
      remarks.push(...addresses.map((address) => remarkOn(describeAddress(address), failure)));
    }
  }
  return { ...joined(parts), remarks };
};

const list = async ({ session, rule, since }: Listing, within?: Labels): Promise<Listed> => {
  const pages: Listed[] = [];
  for await (const page of session.list(rule, within, since)) pages.push(page);
  return joined(pages);
};

const joined = (parts: readonly Listed[]): Listed => ({
  items: parts.flatMap(({ items }) => items),
  complete: parts.every(({ complete }) => complete),
  changesSince: shownSince(parts),
});

/** Raises the error of a vault that cannot list anything. If it can, the failure was caused by the name. */
const requireAnswers = async (session: VaultSession, rule: SyncConfig): Promise<void> => {
  const pages = session.list(rule)[Symbol.asyncIterator]();
  await pages.next();
  await pages.return?.();
};

/** Named items that are listed together. */
interface Group {
  readonly within: Labels;
  readonly addresses: readonly Labels[];
}

/** Undefined if everything has to be listed. */
const narrow = (
  template: string,
  narrowing: AddressRules['narrowing'],
  named: readonly Labels[],
): readonly Group[] | undefined => {
  if (narrowing === undefined || !isWholeSegment(template, narrowing.placeholders)) return undefined;
  const { label } = narrowing;
  const groups = Map.groupBy(named, (labels) => (labels[label] ?? '').toLowerCase());
  if (groups.size > MAX_NARROWED_LISTS) return undefined;
  return [...groups].map(([value, addresses]) => ({ within: { [label]: value }, addresses }));
};

interface Candidate {
  readonly item: Item;
  /** Name in each store, except where the item has no usable name. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Returns the named items, and those that would share a secret with one in a store. The comparison refuses items
 * without a usable name.
 */
const withSharers = (
  items: readonly Item[],
  sides: readonly StoreSide[],
  isAddressed: (labels: Labels) => boolean,
): Candidate[] => {
  const candidates = items.map((item): Candidate => ({ item, names: namesOf(item, sides) }));
  const addressed = candidates.filter(({ item }) => isAddressed(item.labels));
  const used = new Set(addressed.flatMap(({ names }) => [...names].map(secretKey)));
  return candidates.filter(
    ({ item, names }) => isAddressed(item.labels) || [...names].some((name) => used.has(secretKey(name))),
  );
};

const secretKey = ([store, name]: readonly [store: string, name: string]): string => `${store} ${name}`;

const namesOf = (item: Item, sides: readonly StoreSide[]): Candidate['names'] =>
  new Map(
    sides.flatMap(({ store, nameOf }): [string, string][] => {
      try {
        return [[store, nameOf(item)]];
      } catch {
        return [];
      }
    }),
  );

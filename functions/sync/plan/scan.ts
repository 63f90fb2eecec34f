import pMap from 'p-map';
import type { ItemPage, Preparation, Source, Vault } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { ComparedStore } from '#shared/domain/plan/target-comparison.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** One store of a sync, limited to its secrets, and the names of the secrets there. */
export interface StoreSide {
  /** Name of the store in relay.yaml. */
  readonly store: string;
  readonly secrets: SecretStore;
  readonly nameOf: (item: Item) => string;
}

/** Secrets of one store. */
export interface HeldSecrets extends Pick<ComparedStore, 'held'> {
  /** Names of secrets that lack something beside their value. */
  readonly incomplete: ReadonlySet<string>;
  /** Corrections for operators, one sentence for each secret. */
  readonly warnings: readonly string[];
}

/** Stores that a plan compares with, and those that could not be listed, with the reasons. */
export interface ListedStores {
  readonly targets: readonly ComparedStore[];
  /** Warnings of all stores. */
  readonly warnings: readonly string[];
  readonly unlisted: Readonly<Record<string, string>>;
}

/** Contents of the stores and of the vault for a plan. */
export interface Scan extends ListedStores {
  /** Remarks on items that could not be looked up in the vault. They are missing from the rest. */
  readonly remarks: readonly Omit<Remark, 'stores'>[];
  /** Visits the vault's list page by page. */
  readonly eachPage: (visit: (page: ItemPage, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
}

/** Lists all secrets of the sync and all items of its source. Changes before `since` are known. */
export const scanAll = async (
  rule: Source,
  vault: Vault,
  sides: readonly StoreSide[],
  since?: string,
): Promise<Scan> => ({
  ...(await listStores(sides, async ({ secrets }) => ({ ...(await listHeld(secrets)), failures: new Map() }))),
  remarks: [],
  eachPage: (visit) =>
    vault.session(async (session) => {
      const preparation = session.prepare?.(rule);
      for await (const page of session.list(rule, undefined, since)) await visit(page, preparation);
    }),
});

/** State of one store: its secrets, and the errors of names whose state is unknown. */
export type StoreState = HeldSecrets & Pick<ComparedStore, 'failures'>;

type Found =
  | { readonly target: ComparedStore; readonly warnings: readonly string[] }
  | { readonly store: string; readonly failure: RelayError };

/**
 * Reads the state of each store. A store that fails does not hold back the others; if all of them fail, raises the
 * error of the first.
 */
export const listStores = async (
  sides: readonly StoreSide[],
  read: (side: StoreSide) => Promise<StoreState>,
): Promise<ListedStores> => {
  const found = await pMap(sides, async (side): Promise<Found> => {
    const { store, nameOf } = side;
    try {
      const { warnings, ...state } = await read(side);
      return { target: { store, nameOf, ...state }, warnings };
    } catch (thrown) {
      return { store, failure: asRelayError(thrown, `Listing the store ${store}`) };
    }
  });
  const failed = found.flatMap((one) => ('failure' in one ? one : []));
  const listed = found.flatMap((one) => ('failure' in one ? [] : one));
  const [first] = failed;
  if (first !== undefined && listed.length === 0) throw first.failure;
  return {
    targets: listed.map(({ target }) => target),
    warnings: listed.flatMap(({ warnings }) => warnings),
    unlisted: Object.fromEntries(failed.map(({ store, failure }) => [store, `${failure.name}: ${failure.message}`])),
  };
};

export const listHeld = async (store: SecretStore): Promise<HeldSecrets> => {
  const held = new Map<string, Stamp | undefined>();
  const incomplete = new Set<string>();
  const warnings: string[] = [];
  for await (const page of store.list()) {
    for (const secret of page) {
      held.set(secret.name, secret.stamp);
      if (secret.incomplete) incomplete.add(secret.name);
      if (secret.warning !== undefined) warnings.push(secret.warning);
    }
  }
  return { held, incomplete, warnings };
};

import type { ItemPage } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { Action, Decided, Ledger } from '#shared/domain/plan/ledger.ts';
import type { ComparedStore } from '#shared/domain/plan/target-comparison.ts';
import { type ActiveAccounts, activeOf, chooseActive } from '#shared/domain/turns.ts';

export interface TurnsOptions {
  readonly connection: string;
  readonly targets: readonly ComparedStore[];
  readonly fingerprint: (item: Item) => string;
  /** Recorded accounts. */
  readonly active: ActiveAccounts;
}

/** Chooses the active account of each listed item whose accounts take turns. */
export const createTurns = ({ connection, targets, fingerprint, active }: TurnsOptions) => {
  const found: Record<string, string> = {};

  const heldOf = (item: Item): string[] =>
    targets.flatMap(({ nameOf, held }) => {
      try {
        return held.get(nameOf(item)) ?? [];
      } catch {
        // The comparison reports an item without a usable name.
        return [];
      }
    });

  const choose = (item: Item): Item | undefined => {
    if (item.members === undefined) return item;
    const recorded = activeOf(active, item);
    const choice = chooseActive(item, recorded, { connection, fingerprint, held: heldOf(item) });
    if (choice.kind === 'several') return undefined;
    if (choice.item.active !== undefined) found[itemKey(item.ref)] = itemKey(choice.item.active);
    return choice.item;
  };

  return {
    /** The page with each item as its active account. An item with several candidates is rejected. */
    resolve(page: ItemPage): ItemPage {
      const items = page.items.map((item) => ({ item, chosen: choose(item) }));
      const rejected = items.flatMap(({ item, chosen }) => (chosen === undefined ? [contradiction(item)] : []));
      if (rejected.length === 0) return { ...page, items: items.flatMap(({ chosen }) => chosen ?? []) };
      return {
        items: items.flatMap(({ chosen }) => chosen ?? []),
        complete: false,
        rejected: [...(page.rejected ?? []), ...rejected],
      };
    },

    /** Active accounts of the listed items, recorded or not. */
    found: (): ActiveAccounts => found,
  };
};

const contradiction = ({ title }: Item) => ({
  title,
  message: `The record of its active account is missing, and the stores hold the credentials of both accounts. Remove its secret from all stores but one, and run the sync again.`,
});

/** Actions after which a target holds the credential of the listed account. */
const DELIVERING: ReadonlySet<Action> = new Set(['unchanged', 'create', 'change', 'verify']);

/** Takes note of the items that all stores hold or receive, with their active accounts. */
export const createDeliveries = (stores: readonly string[]): Ledger & { readonly planned: () => ActiveAccounts } => {
  const decisions: (Decided | undefined)[] = [];
  return {
    add: (decision) => decisions.push(decision) - 1,
    withdraw: (position) => {
      decisions[position] = undefined;
    },
    planned: () => {
      const delivering = decisions.filter((one) => one?.item?.active !== undefined && DELIVERING.has(one.action));
      const items = Map.groupBy(delivering, (one) => (one?.item === undefined ? '' : itemKey(one.item.ref)));
      return Object.fromEntries(
        [...items].flatMap(([key, all]) => {
          const account = all[0]?.item?.active;
          const isWhole = new Set(all.map((one) => one?.store)).size === stores.length;
          return account !== undefined && isWhole ? [[key, itemKey(account)]] : [];
        }),
      );
    },
  };
};

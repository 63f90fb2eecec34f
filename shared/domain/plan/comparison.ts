import type { Rejected } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { Backoff, Memory } from '#shared/domain/memory.ts';
import type { BatchItem, Orphan } from '#shared/domain/plan/batch.ts';
import type { PlanRules } from '#shared/domain/plan/decide.ts';
import type { Ledger } from '#shared/domain/plan/ledger.ts';
import { mergeRemarks, type Remark } from '#shared/domain/plan/remark.ts';
import {
  type ComparedStore,
  createTargetComparison,
  type TargetComparison,
  type Withdraw,
} from '#shared/domain/plan/target-comparison.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import type { Hold } from '#shared/domain/rotation/holds.ts';
import { stampOf } from '#shared/domain/stamp.ts';

export interface ComparisonOptions {
  readonly connection: string;
  readonly targets: readonly ComparedStore[];
  readonly rendering: Pick<Rendering, 'fingerprint'>;
  readonly memory: Memory;
  readonly rules: PlanRules;
  /** Placeholder to add to a name template that gives two items the same name. */
  readonly distinguishingPlaceholder: string;
  /** Instruction that stops the vault from changing a credential after each release. */
  readonly rotationFix?: string | undefined;
  /** Takes note of each decision. */
  readonly ledger: Ledger;
}

/** Result of a comparison for the report: the items that need no batch, and the reasons. */
export interface ComparisonSummary {
  readonly items: number;
  /** Current secrets of each store. */
  readonly unchanged: Readonly<Record<string, number>>;
  readonly remarks: readonly Remark[];
  readonly backoffs: Readonly<Record<string, Backoff>>;
  /** Number of items whose date of change cannot be read. */
  readonly unreadableDates: number;
}

/** Compares the vault's list with the secrets of every store in one pass. */
export const createComparison = ({ connection, targets, rendering, ...shared }: ComparisonOptions) => {
  const stores = targets.map(({ store }) => store);
  const remarks: Remark[] = [];
  const comparisons = new Map<string, TargetComparison>(
    targets.map((target) => [
      target.store,
      createTargetComparison({ ...shared, target, remark: (remark) => remarks.push(remark) }),
    ]),
  );
  let items = 0;
  let unreadableDates = 0;

  return {
    /** Returns the item with the targets to deliver to; undefined if there are none. The summary has the reasons. */
    compare(item: Item, nextBatch: number, hold?: Hold): BatchItem | undefined {
      items += 1;
      if (item.hasUnreadableDate === true) unreadableDates += 1;
      const stamp = stampOf(connection, item, rendering.fingerprint(item));
      const open = [...comparisons.values()].flatMap((one) => one.compare(item, stamp, nextBatch, hold) ?? []);
      return open.length === 0 ? undefined : { item, targets: open };
    },

    /** Counts a row of the vault's list that cannot be read and therefore not compared. */
    reject({ title, message }: Rejected): void {
      items += 1;
      remarks.push({ item: title, stores, outcome: 'failed', message, error: 'AnswerMalformed' });
      shared.ledger.add({
        action: 'refuse',
        subject: title,
        reason: message,
        error: 'AnswerMalformed',
        dependsOnMemory: false,
        facts: [title],
      });
    },

    /** Withdraws the targets of all items that share a name in a store. */
    async withdrawCollisions(withdraw: Withdraw): Promise<void> {
      for (const one of comparisons.values()) await one.withdrawCollisions(withdraw);
    },

    /** Secrets of the relay in a store whose name belongs to no item. */
    orphans: (store: string): Orphan[] =>
      comparisons
        .get(store)
        ?.orphans()
        .map((name) => ({ store, name })) ?? [],

    /** True if an item has this name in a store. */
    isUsed: (store: string, name: string): boolean => comparisons.get(store)?.isUsed(name) === true,

    summary: (): ComparisonSummary => ({
      items,
      unchanged: Object.fromEntries([...comparisons].map(([store, one]) => [store, one.unchanged()])),
      remarks: mergeRemarks(remarks),
      backoffs: Object.assign({}, ...[...comparisons.values()].map((one) => one.backoffs())),
      unreadableDates,
    }),
  };
};

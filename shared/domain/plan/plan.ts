import type { Preparation } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import type { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { type ComparisonOptions, type ComparisonSummary, createComparison } from '#shared/domain/plan/comparison.ts';
import { decideOrphans, type OrphanRule } from '#shared/domain/plan/orphans.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';

/** A page of the vault's list. */
interface Page {
  readonly items: readonly Item[];
  readonly complete: boolean;
}

export interface PlanOptions extends ComparisonOptions {
  readonly patterns: Patterns;
  readonly orphans: OrphanRule;
  /** Shows what the vault lists, page by page; `preparation` where the source decides how it is read. */
  readonly eachPage: (visit: (page: Page, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
  readonly batches: ReturnType<typeof createBatchWriter>;
}

/** State of a plan for the report. */
export interface PlanSummary extends ComparisonSummary {
  /** False when the vault did not list everything: then nothing is retired. */
  readonly complete: boolean;
  readonly orphans: { readonly found: number; readonly retiring: number; readonly note?: string };
}

/**
 * Plans a sync: compares the vault's list with the store's, page by page, and hands what is to be done to the batches. It
 * does no I/O of its own, so that whoever has both lists can plan.
 */
export const planSync = async (options: PlanOptions): Promise<PlanSummary> => {
  const { patterns, batches, eachPage } = options;
  const comparison = createComparison(options);
  const prepared = createPrepared();
  let complete = true;
  await eachPage(async (page, preparation) => {
    complete &&= page.complete;
    for (const item of page.items) {
      const wanted = isSelected(patterns, item.labels) ? comparison.compare(item, batches.next()) : undefined;
      if (preparation !== undefined) prepared.note(preparation, item, wanted);
      else if (wanted !== undefined) await batches.add(wanted);
    }
  });
  await comparison.withdrawCollisions(async (batch, isWithdrawn) => {
    prepared.withdraw(isWithdrawn);
    await batches.withdraw(batch, isWithdrawn);
  });
  for (const item of prepared.items()) await batches.add(item);
  await batches.flush();

  const { orphans, ...decision } = decideOrphans(comparison.orphans(), complete, options.orphans);
  await batches.retire(orphans);
  return { ...comparison.summary(), complete, orphans: decision };
};

/** Holds back the items of a source that decides how to read them once it has seen all of its rows. */
const createPrepared = () => {
  let preparation: Preparation | undefined;
  const held = new Map<string, BatchItem>();
  return {
    note(using: Preparation, item: Item, wanted: BatchItem | undefined): void {
      preparation = using;
      if (wanted === undefined) using.passOver(item);
      else held.set(itemKey(item.ref), wanted);
    },

    withdraw(isWithdrawn: (item: BatchItem) => boolean): void {
      for (const [key, one] of held) {
        if (!isWithdrawn(one)) continue;
        preparation?.passOver(one.item);
        held.delete(key);
      }
    },

    items(): BatchItem[] {
      const arranged = preparation?.arrange([...held.values()].map(({ item }) => item)) ?? [];
      return arranged.flatMap((item) => {
        const one = held.get(itemKey(item.ref));
        return one === undefined ? [] : [{ ...one, item }];
      });
    },
  };
};

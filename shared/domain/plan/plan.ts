import type { ItemPage, Preparation } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import type { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { type ComparisonOptions, type ComparisonSummary, createComparison } from '#shared/domain/plan/comparison.ts';
import {
  type AbsenceNews,
  type Absences,
  decideOrphans,
  newsOf,
  type OrphanRule,
} from '#shared/domain/plan/orphans.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';

export interface PlanOptions extends ComparisonOptions {
  readonly patterns: Patterns;
  readonly orphans: OrphanRule;
  /** False for a run that looks at some items alone. */
  readonly isWhole: boolean;
  /** Shows what the vault lists, page by page; `preparation` where the source decides how it is read. */
  readonly eachPage: (visit: (page: ItemPage, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
  readonly batches: ReturnType<typeof createBatchWriter>;
}

/** State of a plan for the report. */
export interface PlanSummary extends Omit<ComparisonSummary, 'unreadableDates'> {
  /** False when the vault did not list everything: then nothing is retired. */
  readonly complete: boolean;
  readonly orphans: { readonly found: number; readonly retiring: number; readonly note?: string };
  /** What to remember of absences. */
  readonly absences: AbsenceNews;
  /** One line each on what else is not as it should be. */
  readonly notes: readonly string[];
}

/**
 * Plans a sync: compares the vault's list with the store's, page by page, and hands what is to be done to the batches. It
 * does no I/O of its own, so that whoever has both lists can plan.
 */
export const planSync = async (options: PlanOptions): Promise<PlanSummary> => {
  const { patterns, batches, eachPage, isWhole } = options;
  const comparison = createComparison(options);
  const prepared = createPrepared();
  let complete = true;
  let listed = 0;
  let selected = 0;
  await eachPage(async (page, preparation) => {
    complete &&= page.complete;
    for (const one of page.rejected ?? []) comparison.reject(one);
    listed += page.items.length;
    for (const item of page.items) {
      const isWanted = isSelected(patterns, item.labels);
      if (isWanted) selected += 1;
      const wanted = isWanted ? comparison.compare(item, batches.next()) : undefined;
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

  const emptiness = isWhole && complete && selected === 0 ? [explainEmptiness(listed)] : [];
  const absences: Absences = {
    orphans: comparison.orphans(),
    absentBefore: new Set(options.memory.absent),
    doubt: isWhole ? doubtOf(complete, selected) : 'the run looked at some items alone.',
  };
  const { orphans, ...decision } = decideOrphans(absences, options.orphans);
  await batches.retire(orphans);
  const { unreadableDates, ...summary } = comparison.summary();
  return {
    ...summary,
    complete,
    orphans: decision,
    absences: newsOf(absences, comparison.isUsed),
    notes: [...emptiness, ...(unreadableDates === 0 ? [] : [explainDates(unreadableDates)])],
  };
};

/** Why the list of a whole run proves no absence; undefined when it does. */
const doubtOf = (complete: boolean, selected: number): string | undefined => {
  if (!complete) return 'the vault did not list all of its accounts.';
  return selected === 0 ? 'nothing was selected.' : undefined;
};

const explainEmptiness = (listed: number): string => {
  if (listed === 0)
    return 'The vault listed nothing at all. Look whether its user may see what the selection is about.';
  const matched = listed === 1 ? 'did not match the one item' : `matched none of the ${listed} items`;
  return `The selection ${matched} listed. Correct select in relay.yaml.`;
};

const explainDates = (items: number): string =>
  `The vault's date of change could not be read for ${items === 1 ? 'one item' : `${items} items`}: any other text counts as a change there, and a rotation after each release goes unnoticed. Report it with the vault's version.`;

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

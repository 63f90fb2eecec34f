import type { ItemPage, Preparation } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import type { BatchItem, Target } from '#shared/domain/plan/batch.ts';
import { type createBatchWriter, withoutTargets } from '#shared/domain/plan/batches.ts';
import { type ComparisonOptions, type ComparisonSummary, createComparison } from '#shared/domain/plan/comparison.ts';
import type { Decided } from '#shared/domain/plan/ledger.ts';
import {
  type AbsenceChanges,
  type Absences,
  changesOf,
  decideOrphans,
  type OrphanDecision,
  type OrphanRule,
} from '#shared/domain/plan/orphans.ts';
import { type Holds, holdOn, noHolds } from '#shared/domain/rotation/holds.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';

export interface PlanOptions extends ComparisonOptions {
  readonly patterns: Patterns;
  readonly orphans: OrphanRule;
  /** False for a run over named items only. */
  readonly isWhole: boolean;
  /** Visits the vault's list page by page. `preparation` comes from a source that decides how its items are read. */
  readonly eachPage: (visit: (page: ItemPage, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
  /** Reads the holds of rotations on the items; absent if there can be none. */
  readonly readHolds?: (() => Promise<Holds>) | undefined;
  readonly batches: ReturnType<typeof createBatchWriter>;
}

/** Result of a plan for the report. */
export interface PlanSummary extends Omit<ComparisonSummary, 'unreadableDates'> {
  /** False if the vault's list was incomplete. Nothing is retired then. */
  readonly complete: boolean;
  readonly orphans: { readonly found: number; readonly retiring: number };
  /** Absences to remember, by store. */
  readonly absences: Readonly<Record<string, AbsenceChanges>>;
  /** Other findings, one line each. */
  readonly notes: readonly string[];
  /** Parts of the list that the relay leaves out, one line for each reason; absent if there are none. */
  readonly skipped?: readonly string[] | undefined;
}

/**
 * Plans a sync: compares the vault's list with those of the stores, page by page, and adds the work to the batches. It
 * does no I/O of its own, so any caller that has the lists can plan.
 */
export const planSync = async (options: PlanOptions): Promise<PlanSummary> => {
  const { patterns, batches, eachPage, isWhole, readHolds, rules } = options;
  const comparison = createComparison(options);
  const prepared = createPrepared();
  let complete = true;
  const skipped: string[] = [];
  let listed = 0;
  let selected = 0;
  await eachPage(async (page, preparation) => {
    complete &&= page.complete;
    // Read after each page: a change that the page shows had its hold before.
    const holds = (await readHolds?.()) ?? noHolds();
    for (const one of page.rejected ?? []) comparison.reject(one);
    skipped.push(...(page.skipped ?? []));
    listed += page.items.length;
    for (const item of page.items) {
      const isWanted = isSelected(patterns, item.labels);
      if (isWanted) selected += 1;
      const wanted = isWanted
        ? comparison.compare(item, batches.next(), holdOn(holds, delivered(item), rules.now))
        : undefined;
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
  const doubt = isWhole ? warningOf(complete, selected) : 'the run covered only some items.';
  const retirements = options.targets.map(({ store }) => {
    const absentBefore = new Set(options.memory.absent[store]);
    const absences: Absences = { orphans: comparison.orphans(store), absentBefore, doubt };
    return { store, absences, ...decideOrphans(absences, options.orphans) };
  });
  await batches.retire(retirements.flatMap(({ orphans }) => orphans));
  for (const retirement of retirements) {
    for (const entry of orphanEntries(retirement, options.orphans)) options.ledger.add(entry);
  }
  const { unreadableDates, ...summary } = comparison.summary();
  return {
    ...summary,
    complete,
    orphans: { found: sumOf(retirements, 'found'), retiring: sumOf(retirements, 'retiring') },
    absences: Object.fromEntries(
      retirements.map(({ store, absences }) => [store, changesOf(absences, (name) => comparison.isUsed(store, name))]),
    ),
    notes: [
      ...emptiness,
      ...(unreadableDates === 0 ? [] : [explainDates(unreadableDates)]),
      ...orphanNotes(retirements, doubt),
    ],
    ...(skipped.length > 0 && { skipped }),
  };
};

/** Decision about the orphans of one store. */
interface StoreRetirement extends OrphanDecision {
  readonly store: string;
  readonly absences: Absences;
}

const sumOf = (retirements: readonly StoreRetirement[], key: 'found' | 'retiring'): number =>
  retirements.reduce((sum, retirement) => sum + retirement[key], 0);

/** The item whose holds apply: of an item in turns, the account that readers get. */
const delivered = (item: Item): Item => (item.active === undefined ? item : { ...item, ref: item.active });

/** A doubt concerns all stores. Any other note names its store, unless there is only one. */
const orphanNotes = (retirements: readonly StoreRetirement[], doubt: string | undefined): string[] => [
  ...new Set(
    retirements.flatMap(({ store, note }) => {
      if (note === undefined) return [];
      return doubt !== undefined || retirements.length === 1 ? note : `Store ${store}: ${note}`;
    }),
  ),
];

/** Reason why the list of a whole run proves no absence; undefined if it does. */
const warningOf = (complete: boolean, selected: number): string | undefined => {
  if (!complete) return 'the vault did not list all of its accounts.';
  return selected === 0 ? 'nothing was selected.' : undefined;
};

const explainEmptiness = (listed: number): string => {
  if (listed === 0)
    return "The vault listed no items. Check the permissions of the relay's user on the selected items.";
  const matched = listed === 1 ? 'did not match the one item' : `matched none of the ${listed} items`;
  return `The selection ${matched} listed. Correct select in relay.yaml.`;
};

/** Describes the decisions about orphans for the ledger. Without a doubt, they depend on what earlier runs missed. */
function* orphanEntries(
  { store, absences: { orphans: found, doubt }, orphans: retired, note }: StoreRetirement,
  { policy }: OrphanRule,
): Iterable<Decided> {
  const retiring = new Set(retired.map(({ name }) => name));
  const dependsOnMemory = policy === 'delete' && doubt === undefined;
  for (const { name } of found) {
    const entry = { store, subject: name, secret: name, facts: [store, name], dependsOnMemory };
    if (retiring.has(name)) yield { ...entry, action: 'retire', reason: 'Two runs in a row found no item for it.' };
    else yield { ...entry, action: 'keep', reason: policy === 'keep' ? KEPT_BY_POLICY : (note ?? MISSED_ONCE) };
  }
}

const KEPT_BY_POLICY = 'It has no item, and the policy for orphans is to keep them.';
const MISSED_ONCE = 'It has no item. The next run that misses the item as well retires the secret.';

const explainDates = (items: number): string =>
  `The vault's date of change could not be read for ${items === 1 ? 'one item' : `${items} items`}. Any different text counts as a change, and a rotation after each release is not detected. Report this with the vault's version.`;

/** Collects the items of a source that decides how to read them after it has seen all rows. */
const createPrepared = () => {
  let preparation: Preparation | undefined;
  const held = new Map<string, BatchItem>();
  return {
    note(using: Preparation, item: Item, wanted: BatchItem | undefined): void {
      preparation = using;
      if (wanted === undefined) using.exclude(item);
      else held.set(itemKey(item.ref), wanted);
    },

    withdraw(isWithdrawn: (target: Target) => boolean): void {
      for (const [key, one] of held) {
        if (!one.targets.some(isWithdrawn)) continue;
        const [left] = withoutTargets([one], isWithdrawn);
        if (left === undefined) {
          preparation?.exclude(one.item);
          held.delete(key);
        } else held.set(key, left);
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

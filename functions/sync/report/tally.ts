import { type Item, itemKey, releasedKey } from '#shared/domain/item.ts';
import { absentAfter, type Backoff, backoffAfter, backoffKey, type Memory } from '#shared/domain/memory.ts';
import { OUTCOME_NAMES, type Outcome, zeroOutcomes } from '#shared/domain/outcome.ts';
import type { Batch, Orphan } from '#shared/domain/plan/batch.ts';
import { mergeRemarks, type Remark } from '#shared/domain/plan/remark.ts';
import type { ActiveAccounts } from '#shared/domain/turns.ts';
import type { ErrorName } from '#shared/errors.ts';
import type { BatchRecord, CurrentTarget, PlanRecord, Report } from '#shared/records/records.ts';
import { addCalls } from '#shared/workflows/calls.ts';
import type { BatchEnd, Retirement, Settled } from '#shared/workflows/sync.ts';

export type Tally = Pick<
  Report,
  | 'planId'
  | 'items'
  | 'outcomes'
  | 'stores'
  | 'orphans'
  | 'notes'
  | 'skipped'
  | 'remarks'
  | 'leastDuration'
  | 'calls'
  | 'current'
>;

/** Time after the end of a release within which the vault may still change the credential. */
const FOLLOWED_MS = 3_600_000;

const INCOMPLETE =
  'The vault did not list all of its accounts. If no remark states the cause, it repeated a page or omitted accounts between two pages.';

/** Adds up a run batch by batch, starting with the results of the plan. Pure except for its own state. */
export const createTally = (plan: PlanRecord, before: Memory, now: number) => {
  const outcomesOf = new Map<string, Record<Outcome, number>>([
    ...Object.entries(plan.unchanged).map(([store, unchanged]) => [store, { ...zeroOutcomes(), unchanged }] as const),
    // Nothing was delivered to a store that could not be listed.
    ...Object.keys(plan.unlisted).map((store) => [store, { ...zeroOutcomes(), failed: plan.items }] as const),
  ]);
  const count = (store: string, outcome: Outcome, by = 1): void => {
    const outcomes = outcomesOf.get(store) ?? zeroOutcomes();
    outcomes[outcome] += by;
    outcomesOf.set(store, outcomes);
  };
  const orphans = { found: plan.orphans.found, retired: 0, gone: 0, failed: 0 };
  const remarks = [...plan.remarks];
  const notes = [...(plan.complete ? [] : [INCOMPLETE]), ...plan.notes];
  let calls = plan.calls;
  const unreadable: string[] = [];
  const warnings: string[] = [];
  const leftOpen = new Map<string, number>();
  const undelivered = new Set<string>();
  const delivered: CurrentTarget[] = [];
  const backoffs: Record<string, Backoff> = { ...before.backoffs, ...plan.backoffs };
  const checkIns: Record<string, number> = {};
  for (const { stores, outcome } of plan.remarks) for (const store of stores) count(store, outcome);

  const settle = (item: Item, settled: readonly TargetOutcome[]): void => {
    const found: Remark[] = [];
    for (const { store, name, outcome, failure, warning } of settled) {
      if (warning !== undefined) warnings.push(warning);
      count(store, outcome);
      const id = itemKey(item.ref);
      if (outcome !== 'delivered' && outcome !== 'unchanged') undelivered.add(id);
      else if (plan.current !== undefined) delivered.push({ item: id, store, name });
      found.push(...remarksOn(item.title, store, outcome, failure));
      const key = backoffKey(store, item.ref);
      const backoff = backoffAfter(backoffs[key], outcome, failure, now);
      if (backoff === undefined) delete backoffs[key];
      else backoffs[key] = backoff;
    }
    remarks.push(...mergeRemarks(found));
  };

  const retire = ({ store, name }: Orphan, { outcome, failure }: Pick<Retirement, 'outcome' | 'failure'>): void => {
    if (outcome === 'kept') return;
    orphans[outcome] += 1;
    if (failure === undefined) return;
    const message = `The secret has lost its account and could not be retired. ${failure.message}`;
    remarks.push({ item: name, stores: [store], outcome: 'failed', error: failure.name, message });
  };

  return {
    /** `record` is undefined if check-in did not write it. `end` is the end of the batch as the workflow saw it. */
    addBatch(batch: Batch, record: BatchRecord | undefined, end: Omit<BatchEnd, 'batch'>): void {
      const lost = lostBy(record?.error ?? end.error ?? end.open);
      const settledOf = new Map(record?.settled.map((settled) => [targetKey(settled), settled]));
      for (const [index, { item, targets }] of batch.items.entries()) {
        const ends = targets.map(({ store, name }, target): TargetOutcome => {
          const settled = settledOf.get(targetKey({ item: index, target }));
          return { store, name, ...(settled ?? { outcome: 'failed', failure: lost }) };
        });
        settle(item, ends);
        const checkedInAt = record?.checkIns[index];
        if (checkedInAt !== undefined) checkIns[releasedKey(item)] = checkedInAt;
      }
      const retirementOf = new Map(record?.retirements.map((retirement) => [retirement.orphan, retirement]));
      for (const [index, orphan] of batch.retire.entries()) {
        retire(orphan, retirementOf.get(index) ?? { outcome: 'failed', failure: lost });
      }
      if (record !== undefined) calls = addCalls(calls, record.calls);
      const kept = record?.leftOpen ?? end.open;
      if (kept !== undefined) leftOpen.set(kept, (leftOpen.get(kept) ?? 0) + 1);
    },

    /** Adds a note for a batch whose work is unknown. */
    addUnreadable(batch: number, message: string): void {
      unreadable.push(`The result of batch ${batch} is unknown. ${message}`);
    },

    /** Items whose accounts take turns and that all targets hold, with the account that is active. */
    delivered: (): ActiveAccounts =>
      unreadable.length > 0
        ? {}
        : Object.fromEntries(Object.entries(plan.turns ?? {}).filter(([key]) => !undelivered.has(key))),

    result: (): Tally => ({
      planId: plan.planId,
      items: plan.items,
      outcomes: totalOf([...outcomesOf.values()]),
      stores: [...outcomesOf].map(([store, outcomes]) => ({ store, outcomes })),
      orphans,
      // Sorted, because batches are added in any order and the same records must give the same report.
      calls,
      leastDuration: plan.leastDuration,
      notes: [...notes, ...[...unreadable, ...warnings, ...[...leftOpen].map(noteOnLeftOpen)].toSorted(byText)],
      remarks: remarks.toSorted((one, other) => byText(one.item, other.item)),
      ...(plan.skipped !== undefined && { skipped: plan.skipped }),
      ...(plan.current !== undefined && {
        current: [...plan.current, ...delivered].toSorted((one, other) => byText(textOf(one), textOf(other))),
      }),
    }),

    /**
     * The changes that the next run sees can come only from this run's check-ins and from releases that were still
     * open. A run over named items has seen no change of the others, so it keeps their check-ins.
     */
    memory: ({ isWhole }: { readonly isWhole: boolean }): Memory => ({
      version: 2,
      ...changesAfter(before.changes, plan.changes),
      checkIns: { ...(isWhole ? stillFollowed(before.checkIns, now) : before.checkIns), ...checkIns },
      backoffs,
      absent: {
        ...Object.fromEntries(Object.keys(plan.unlisted).map((store) => [store, before.absent[store] ?? []])),
        ...Object.fromEntries(
          Object.entries(plan.absences).map(([store, changes]) => [
            store,
            absentAfter(before.absent[store] ?? [], changes),
          ]),
        ),
      },
    }),
  };
};

const byText = (one: string, other: string): number => one.localeCompare(other);

const noteOnLeftOpen = ([error, batches]: readonly [error: string, batches: number]): string =>
  `${batches === 1 ? 'One batch' : `${batches} batches`} could not check in all leases; reap tries again. ${asSentence(error)}`;

/** The workflow passes only the name of an error, which has no period. */
const asSentence = (error: string): string => (error.endsWith('.') ? error : `${error}.`);

/**
 * A release that cannot be checked in ends after its run, possibly after the next one, and its change comes even later.
 */
const stillFollowed = (checkIns: Memory['checkIns'], now: number): Memory['checkIns'] =>
  Object.fromEntries(Object.entries(checkIns).filter(([, endedAt]) => endedAt > now - FOLLOWED_MS));

/** Changes that the plan learned, or those that were known before. */
const changesAfter = (before: Memory['changes'], learned: Memory['changes']): Pick<Memory, 'changes'> => {
  const changes = learned ?? before;
  return changes === undefined ? {} : { changes };
};

/** Outcome of one target, and its place. */
interface TargetOutcome extends Pick<Settled, 'outcome' | 'failure' | 'warning'> {
  readonly store: string;
  readonly name: string;
}

const textOf = ({ item, store }: CurrentTarget): string => `${item} ${store}`;

const totalOf = (all: readonly Readonly<Record<Outcome, number>>[]): Record<Outcome, number> => {
  const total = zeroOutcomes();
  for (const outcomes of all) for (const name of OUTCOME_NAMES) total[name] += outcomes[name];
  return total;
};

const targetKey = ({ item, target }: Pick<Settled, 'item' | 'target'>): string => `${item}/${target}`;

/** Failure of targets without a recorded result. Some of them may have been delivered. */
const lostBy = (error: string | undefined): { name: ErrorName; message: string } => ({
  name: 'BatchLost',
  message: [
    'Its batch ended before it recorded a result; the next run checks the target and does what is left.',
    ...(error === undefined ? [] : [asSentence(error)]),
  ].join(' '),
});

const remarksOn = (item: string, store: string, outcome: Settled['outcome'], failure: Settled['failure']): Remark[] => {
  if (outcome === 'delivered' || outcome === 'unchanged') return [];
  const message =
    failure?.message ??
    "The request needed an approval and was cancelled. Give the relay's user an access policy without approvers.";
  return [{ item, stores: [store], outcome, message, ...(failure === undefined ? {} : { error: failure.name }) }];
};

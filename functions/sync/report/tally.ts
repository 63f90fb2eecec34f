import { type Item, itemKey } from '#shared/domain/item.ts';
import { type Memory, type Trouble, troubleAfter } from '#shared/domain/memory.ts';
import { noOutcomes } from '#shared/domain/outcome.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { ErrorName } from '#shared/errors.ts';
import type { BatchRecord, PlanRecord, Report } from '#shared/records/records.ts';
import type { Settled } from '#shared/workflows/sync.ts';

export type Tally = Pick<Report, 'items' | 'outcomes' | 'orphans' | 'notes' | 'remarks'>;

/** How long a change may follow the end of a release before another run has seen it. */
const FOLLOWED_MS = 3_600_000;

const INCOMPLETE =
  'The vault did not list all of its accounts: it answered a later page with the accounts of an earlier one.';

/** Adds up a run, batch by batch, beginning with what planning alone settled. Pure but for what it gathers in itself. */
export const createTally = (plan: PlanRecord, before: Memory, now: number) => {
  const outcomes = { ...noOutcomes(), unchanged: plan.unchanged };
  const remarks = [...plan.remarks];
  const notes = [
    ...(plan.complete ? [] : [INCOMPLETE]),
    ...(plan.orphans.note === undefined ? [] : [plan.orphans.note]),
  ];
  const troubles: Record<string, Trouble> = { ...before.troubles, ...plan.troubles };
  const checkIns: Record<string, number> = {};
  let retired = 0;
  for (const { outcome } of plan.remarks) outcomes[outcome] += 1;

  const settle = (item: Item, settled: readonly Outcome[]): void => {
    for (const { outcome, failure } of settled) {
      outcomes[outcome] += 1;
      const remark = remarkOn(item.title, outcome, failure);
      if (remark !== undefined) remarks.push(remark);
    }
    const { outcome, failure } = best(settled);
    const key = itemKey(item.ref);
    const trouble = troubleAfter(troubles[key], outcome, failure, now);
    if (trouble === undefined) delete troubles[key];
    else troubles[key] = trouble;
  };

  return {
    /** `record` is undefined when the batch was never closed; `error` says what ended it, when that is known. */
    addBatch(batch: Batch, record: BatchRecord | undefined, error: string | undefined): void {
      const settledOf = new Map(record?.settled.map((settled) => [targetKey(settled), settled]));
      for (const [index, { item, targets }] of batch.items.entries()) {
        const ends = targets.map(
          (_, target): Outcome =>
            settledOf.get(targetKey({ item: index, target })) ?? { outcome: 'failed', failure: lost(error) },
        );
        settle(item, ends);
        const checkedInAt = record?.checkIns[index];
        if (checkedInAt !== undefined) checkIns[itemKey(item.ref)] = checkedInAt;
      }
      retired += record?.retired ?? 0;
      if (batch.retire.length > 0 && record === undefined)
        notes.push(`Orphans were not retired: ${lost(error).message}`);
    },

    result: (): Tally => ({
      items: plan.items,
      outcomes,
      orphans: { found: plan.orphans.found, retired },
      notes,
      // Batches are added as their records arrive; the same records make the same report.
      remarks: remarks.toSorted((one, other) => one.item.localeCompare(other.item)),
    }),

    /**
     * Only this run's check-ins can have caused the changes that the next run sees, and releases that went on. A run that
     * looked at a few items has seen no change of the others.
     */
    memory: ({ isWhole }: { readonly isWhole: boolean }): Memory => ({
      version: 1,
      checkIns: { ...(isWhole ? stillFollowed(before.checkIns, now) : before.checkIns), ...checkIns },
      troubles,
    }),
  };
};

/** A release that nobody can close ends by itself, after its run and perhaps after the next one: its change comes later still. */
const stillFollowed = (checkIns: Memory['checkIns'], now: number): Memory['checkIns'] =>
  Object.fromEntries(Object.entries(checkIns).filter(([, endedAt]) => endedAt > now - FOLLOWED_MS));

type Outcome = Pick<Settled, 'outcome' | 'failure'>;

/**
 * The outcome of a target that its item goes by: an item that reached any of its targets is in no trouble, since its park
 * would keep the credential from all of them.
 */
const best = (settled: readonly Outcome[]): Outcome =>
  settled.find(({ outcome }) => outcome === 'delivered') ??
  settled.find(({ outcome }) => outcome === 'unchanged') ??
  settled[0] ?? { outcome: 'unchanged' };

const targetKey = ({ item, target }: Pick<Settled, 'item' | 'target'>): string => `${item}/${target}`;

const lost = (error: string | undefined): { name: ErrorName; message: string } => ({
  name: 'BatchLost',
  message: `Its batch ended early${error === undefined ? '' : ` with ${error}`}. The next run tries again.`,
});

const remarkOn = (item: string, outcome: Settled['outcome'], failure: Settled['failure']): Remark | undefined => {
  if (outcome === 'delivered' || outcome === 'unchanged') return undefined;
  const message =
    failure?.message ??
    "A request would need an approval, so it was cancelled. Give the relay's user an access policy without approvers.";
  return {
    item,
    outcome,
    message,
    ...(failure === undefined ? {} : { error: failure.name }),
  };
};

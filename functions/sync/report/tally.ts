import { type Item, itemKey } from '#shared/domain/item.ts';
import { absentAfter, type Memory, type Trouble, troubleAfter } from '#shared/domain/memory.ts';
import { noOutcomes } from '#shared/domain/outcome.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { ErrorName } from '#shared/errors.ts';
import type { BatchRecord, PlanRecord, Report } from '#shared/records/records.ts';
import type { BatchEnd, Retirement, Settled } from '#shared/workflows/sync.ts';

export type Tally = Pick<Report, 'items' | 'outcomes' | 'orphans' | 'notes' | 'remarks'>;

/** How long a change may follow the end of a release before another run has seen it. */
const FOLLOWED_MS = 3_600_000;

const INCOMPLETE =
  'The vault did not list all of its accounts. Where no remark says why, it repeated a page, or left accounts out between two.';

/** Adds up a run, batch by batch, beginning with what planning alone settled. Pure but for what it gathers in itself. */
export const createTally = (plan: PlanRecord, before: Memory, now: number) => {
  const outcomes = { ...noOutcomes(), unchanged: plan.unchanged };
  const orphans = { found: plan.orphans.found, retired: 0, gone: 0, failed: 0 };
  const remarks = [...plan.remarks];
  const notes = [
    ...(plan.complete ? [] : [INCOMPLETE]),
    ...(plan.notes ?? []),
    ...(plan.orphans.note === undefined ? [] : [plan.orphans.note]),
  ];
  const unreadable: string[] = [];
  const leftOpen = new Map<string, number>();
  const troubles: Record<string, Trouble> = { ...before.troubles, ...plan.troubles };
  const checkIns: Record<string, number> = {};
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

  const retire = (name: string, { outcome, failure }: Pick<Retirement, 'outcome' | 'failure'>): void => {
    if (outcome === 'kept') return;
    orphans[outcome] += 1;
    if (failure === undefined) return;
    const message = `It has lost its account, and could not be retired. ${failure.message}`;
    remarks.push({ item: name, outcome: 'failed', error: failure.name, message });
  };

  return {
    /** `record` is undefined when nobody lived to write it; `end` says how the batch ended, as far as the workflow knows. */
    addBatch(batch: Batch, record: BatchRecord | undefined, end: Omit<BatchEnd, 'batch'>): void {
      const lost = lostBy(record?.error ?? end.error ?? end.open);
      const settledOf = new Map(record?.settled.map((settled) => [targetKey(settled), settled]));
      for (const [index, { item, targets }] of batch.items.entries()) {
        const ends = targets.map(
          (_, target): Outcome =>
            settledOf.get(targetKey({ item: index, target })) ?? { outcome: 'failed', failure: lost },
        );
        settle(item, ends);
        const checkedInAt = record?.checkIns[index];
        if (checkedInAt !== undefined) checkIns[itemKey(item.ref)] = checkedInAt;
      }
      const retirementOf = new Map(record?.retirements.map((retirement) => [retirement.orphan, retirement]));
      for (const [index, { name }] of batch.retire.entries()) {
        retire(name, retirementOf.get(index) ?? { outcome: 'failed', failure: lost });
      }
      const kept = record?.leftOpen ?? end.open;
      if (kept !== undefined) leftOpen.set(kept, (leftOpen.get(kept) ?? 0) + 1);
    },

    /** Takes note of a batch of which nobody can say what it was to do. */
    addUnreadable(batch: number, message: string): void {
      unreadable.push(`What became of batch ${batch} is not known. ${message}`);
    },

    result: (): Tally => ({
      items: plan.items,
      outcomes,
      orphans,
      // Batches are added as their records arrive; the same records make the same report.
      notes: [...notes, ...[...unreadable, ...[...leftOpen].map(noteOnLeftOpen)].toSorted(byText)],
      remarks: remarks.toSorted((one, other) => byText(one.item, other.item)),
    }),

    /**
     * Only this run's check-ins can have caused the changes that the next run sees, and releases that went on. A run that
     * looked at a few items has seen no change of the others.
     */
    memory: ({ isWhole }: { readonly isWhole: boolean }): Memory => ({
      version: 1,
      checkIns: { ...(isWhole ? stillFollowed(before.checkIns, now) : before.checkIns), ...checkIns },
      troubles,
      absent: absentAfter(before.absent, plan.absences ?? {}),
    }),
  };
};

const byText = (one: string, other: string): number => one.localeCompare(other);

const noteOnLeftOpen = ([error, batches]: readonly [error: string, batches: number]): string =>
  `${batches === 1 ? 'One batch' : `${batches} batches`} could not give back all that was opened; reap tries again. ${asSentence(error)}`;

/** What the workflow knows of an error is a bare name. */
const asSentence = (error: string): string => (error.endsWith('.') ? error : `${error}.`);

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

/** What is counted as failed although nobody saw it fail: some of it may be done. */
const lostBy = (error: string | undefined): { name: ErrorName; message: string } => ({
  name: 'BatchLost',
  message: [
    'Its batch ended before it could say what became of it; the next run looks, and does what is still to do.',
    ...(error === undefined ? [] : [asSentence(error)]),
  ].join(' '),
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

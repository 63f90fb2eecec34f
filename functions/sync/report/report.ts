import pMap from 'p-map';
import type { Notify } from '#shared/aws/alerts.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { noOutcomes, OUTCOME_NAMES, OUTCOMES, type OutcomeKind } from '#shared/domain/outcome.ts';
import { asRelayError } from '#shared/errors.ts';
import { type Records, type Report, readRequired, recordAt } from '#shared/records/records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { ReportInput, ReportOutput } from '#shared/workflows/sync.ts';
import { createTally, type Tally } from './tally.ts';

export interface ReportDependencies {
  readonly records: Records;
  readonly measure: (run: Pick<ReportInput, 'rule' | 'order'>, output: ReportOutput) => Promise<void>;
  /** Tells people; called only when the run is not as it should be. */
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const RECORDS_AT_ONCE = 16;

/** What a notification tells in full; the rest is in the report. */
const REMARKS_TOLD = 20;

/**
 * Adds up what became of a run, writes it down, remembers what the next run has to know, and says PARTIAL when a store
 * does not hold what it should. What was done counts whatever ended the run. Safe to repeat: from the same records it makes the
 * same report.
 */
export const createReport =
  ({ records, measure, notify, now }: ReportDependencies) =>
  async (input: ReportInput): Promise<ReportOutput> => {
    const { workflow, rule, run, planned, error } = input;
    const { notes, ...tally } = planned?.status === 'planned' ? await addUp(records, input, now()) : nothingDone();
    const told = { ...tally, notes: error === undefined ? notes : [messageOf(error), ...notes] };
    const status = statusOf(input, told);
    const place = recordAt.report(input);
    const report: Report = { workflow, rule, run, status, finishedAt: new Date(now()).toISOString(), ...told };
    await records.write(place, report);

    const output = summarise(report);
    await measure(input, output);
    if (status === 'PARTIAL' || status === 'FAILED') {
      await notify(`pam-relay: sync ${rule} ${status}`, describe(report, place.key));
    }
    return output;
  };

const addUp = async (records: Records, input: ReportInput, now: number): Promise<Tally> => {
  const { rule, run, order, planned, batchEnds } = input;
  const plan = await readRequired(records, recordAt.plan(input));
  const memoryPlace = recordAt.memory(rule);
  const memory = (await records.read(memoryPlace)) ?? emptyMemory();
  const tally = createTally(plan, memory, now);
  const ends = new Map(batchEnds?.map(({ batch, ...end }) => [batch, end]));
  await pMap(
    planned?.batches ?? [],
    async (batch) => {
      try {
        const content = await readRequired(records, recordAt.batch(input, batch));
        const record = await records.read(recordAt.batchRecord(input, batch));
        tally.addBatch(content, record, ends.get(batch) ?? {});
      } catch (thrown) {
        const failure = asRelayError(thrown, `Adding up batch ${batch}`);
        // One that stays unreadable must not keep the others from being told of.
        if (failure.retryable) throw failure;
        tally.addUnreadable(batch, failure.message);
      }
    },
    { concurrency: RECORDS_AT_ONCE },
  );
  const remembered = tally.memory({ isWhole: order.items === 'all' });
  if (memory.run !== run) await records.write(memoryPlace, { ...remembered, run });
  return tally.result();
};

const nothingDone = (): Tally => ({
  items: 0,
  outcomes: noOutcomes(),
  orphans: { found: 0, retired: 0, gone: 0, failed: 0 },
  notes: [],
  remarks: [],
});

const statusOf = ({ order, error, planned }: ReportInput, { outcomes, orphans, notes }: Tally): Report['status'] => {
  if (error !== undefined) return 'FAILED';
  if (planned?.status === 'skipped') return 'SKIPPED';
  // Of what is parked every scheduled run tells; a storm of messages about it is no news.
  const parked = order.items === 'named' ? 0 : outcomes.parked;
  const outOfDate = outcomes.failed + parked + outcomes.approvalRequired + orphans.failed;
  return outOfDate > 0 || notes.length > 0 ? 'PARTIAL' : 'SUCCEEDED';
};

const summarise = ({ status, items, outcomes, orphans }: Report): ReportOutput => {
  const kinds: Record<OutcomeKind, number> = { delivered: 0, unchanged: 0, skipped: 0, failed: 0 };
  for (const outcome of OUTCOME_NAMES) kinds[OUTCOMES[outcome]] += outcomes[outcome];
  return { status, items, ...kinds, retired: orphans.retired };
};

const describe = ({ rule, run, status, items, outcomes, orphans, notes, remarks }: Report, key: string): string[] => [
  `Sync ${rule}, run ${run}: ${status}.`,
  `${items} accounts: ${counted(outcomes) || 'none looked at'}.`,
  ...(orphans.found > 0
    ? [`${orphans.found} secrets without an account: ${counted(orphans, 'found') || 'kept'}.`]
    : []),
  ...notes,
  ...remarks.slice(0, REMARKS_TOLD).map(({ item, outcome, message }) => `${item}: ${outcome}. ${message}`),
  ...(remarks.length > REMARKS_TOLD ? [`… and ${remarks.length - REMARKS_TOLD} more.`] : []),
  `The whole report: ${key} in the records bucket.`,
];

const counted = (counts: Readonly<Record<string, number>>, besides = ''): string =>
  Object.entries(counts)
    .filter(([name, count]) => name !== besides && count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

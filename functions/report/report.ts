import pMap from 'p-map';
import { emptyMemory } from '#shared/domain/memory.ts';
import { noOutcomes, OUTCOME_NAMES, OUTCOMES, type OutcomeKind } from '#shared/domain/outcome.ts';
import { type Records, type Report, readRequired, recordAt } from '#shared/records/records.ts';
import type { ReportInput, ReportOutput } from '#shared/workflow.ts';
import { messageOf } from './message-of.ts';
import { createTally, type Tally } from './tally.ts';

export interface ReportDependencies {
  readonly records: Records;
  readonly measure: (order: ReportInput['order'], output: ReportOutput) => Promise<void>;
  /** Tells people; called only when the run is not as it should be. */
  readonly notify: (subject: string, text: string) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const RECORDS_AT_ONCE = 16;

/** What a notification tells in full; the rest is in the report. */
const REMARKS_TOLD = 20;

/**
 * Adds up what became of a run, writes it down, remembers what the next run has to know, and says PARTIAL when a store
 * does not hold what it should. Safe to repeat: from the same records it makes the same report.
 */
export const createReport =
  ({ records, measure, notify, now }: ReportDependencies) =>
  async (input: ReportInput): Promise<ReportOutput> => {
    const { run, order, planned, error } = input;
    const ran = error === undefined && planned?.status === 'planned';
    const tally = ran ? await addUp(records, input, now()) : nothingDone(error);
    const status = statusOf(input, tally);
    const place = recordAt.report(order.sync, run);
    const report: Report = { sync: order.sync, run, status, finishedAt: new Date(now()).toISOString(), ...tally };
    await records.write(place, report);

    const output = summarise(report);
    await measure(order, output);
    if (status === 'PARTIAL' || status === 'FAILED') {
      await notify(`pam-relay: sync ${order.sync} ${status}`, describe(report, place.key));
    }
    return output;
  };

const addUp = async (
  records: Records,
  { run, order, planned, batchEnds }: ReportInput,
  now: number,
): Promise<Tally> => {
  const plan = await readRequired(records, recordAt.plan(order.sync, run));
  const memoryPlace = recordAt.memory(order.sync);
  const memory = (await records.read(memoryPlace)) ?? emptyMemory();
  const tally = createTally(plan, memory, now);
  const errors = new Map(batchEnds?.map(({ batch, error }) => [batch, error]));
  await pMap(
    planned?.batches ?? [],
    async (batch) => {
      const content = await readRequired(records, recordAt.batch(order.sync, run, batch));
      const record = await records.read(recordAt.batchRecord(order.sync, run, batch));
      tally.addBatch(content, record, errors.get(batch));
    },
    { concurrency: RECORDS_AT_ONCE },
  );
  const remembered = tally.memory({ isWhole: order.accounts === 'all' });
  if (memory.run !== run) await records.write(memoryPlace, { ...remembered, run });
  return tally.result();
};

const nothingDone = (error: ReportInput['error']): Tally => ({
  accounts: 0,
  outcomes: noOutcomes(),
  orphans: { found: 0, retired: 0 },
  notes: error === undefined ? [] : [messageOf(error)],
  remarks: [],
});

const statusOf = ({ order, error, planned }: ReportInput, { outcomes, notes }: Tally): Report['status'] => {
  if (error !== undefined) return 'FAILED';
  if (planned?.status === 'skipped') return 'SKIPPED';
  // Of what is parked every scheduled run tells; a storm of messages about it is no news.
  const parked = order.accounts === 'named' ? 0 : outcomes.parked;
  const outOfDate = outcomes.failed + parked + outcomes.approvalRequired;
  return outOfDate > 0 || notes.length > 0 ? 'PARTIAL' : 'SUCCEEDED';
};

const summarise = ({ status, accounts, outcomes, orphans }: Report): ReportOutput => {
  const kinds: Record<OutcomeKind, number> = { delivered: 0, unchanged: 0, skipped: 0, failed: 0 };
  for (const outcome of OUTCOME_NAMES) kinds[OUTCOMES[outcome]] += outcomes[outcome];
  return { status, accounts, ...kinds, retired: orphans.retired };
};

const describe = ({ sync, run, status, accounts, outcomes, notes, remarks }: Report, key: string): string =>
  [
    `Sync ${sync}, run ${run}: ${status}.`,
    `${accounts} accounts: ${
      Object.entries(outcomes)
        .filter(([, count]) => count > 0)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ') || 'none looked at'
    }.`,
    ...notes,
    ...remarks.slice(0, REMARKS_TOLD).map(({ account, outcome, message }) => `${account}: ${outcome}. ${message}`),
    ...(remarks.length > REMARKS_TOLD ? [`… and ${remarks.length - REMARKS_TOLD} more.`] : []),
    `The whole report: ${key} in the records bucket.`,
  ].join('\n');

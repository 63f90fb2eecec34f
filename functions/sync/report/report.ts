import pMap from 'p-map';
import type { Notify } from '#shared/aws/alerts.ts';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { OUTCOME_NAMES, OUTCOMES, type OutcomeKind, zeroOutcomes } from '#shared/domain/outcome.ts';
import { inStores } from '#shared/domain/plan/remark.ts';
import { asRelayError } from '#shared/errors.ts';
import { type Pages, pageAt } from '#shared/records/pages.ts';
import { type Records, type Report, readRequired, recordAt } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { endSyncTurns } from '#shared/records/turn-records.ts';
import { renderSyncPage } from '#shared/report-page/sync-page.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { ReportInput, ReportOutput } from '#shared/workflows/sync.ts';
import { createTally, type Tally } from './tally.ts';

export interface ReportDependencies {
  readonly config: RelayConfig;
  readonly records: Records;
  /** Records of items whose accounts take turns. */
  readonly turns: SharedRecords;
  readonly pages: Pages;
  readonly measure: (run: Pick<ReportInput, 'rule' | 'order'>, output: ReportOutput) => Promise<void>;
  /** Sends a notice to people. Called only for PARTIAL and FAILED runs. */
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const MAX_CONCURRENCY = 16;

/** Remarks in a notice; the report has all of them. */
const MAX_REMARKS = 20;

/**
 * Adds up the results of a run, writes the report, and saves the state for the next run. The status is PARTIAL if a
 * target is not up to date. Results count even if the run failed. Repeatable: the same records give the same report.
 */
export const createReport =
  (dependencies: ReportDependencies) =>
  async (input: ReportInput): Promise<ReportOutput> => {
    const { records, pages, measure, notify, now } = dependencies;
    const { workflow, rule, run, startedAt, planned, error } = input;
    const { notes, ...tally } = planned?.status === 'planned' ? await addUp(dependencies, input) : nothingDone();
    const totals = { ...tally, notes: error === undefined ? notes : [messageOf(error), ...notes] };
    const status = statusOf(input, totals);
    const place = recordAt.report(input);
    const report: Report = {
      ...{ workflow, rule, run, status },
      ...(startedAt !== undefined && { startedAt }),
      finishedAt: new Date(now()).toISOString(),
      ...totals,
    };
    await records.write(place, report);
    await pages.write(pageAt.sync(input), renderSyncPage(report));

    const output = summarise(report);
    await measure(input, output);
    if (status === 'PARTIAL' || status === 'FAILED') {
      await notify(`pam-relay: sync ${rule} ${status}`, describe(report, place.key));
    }
    return output;
  };

const addUp = async ({ config, records, turns, now }: ReportDependencies, input: ReportInput): Promise<Tally> => {
  const { rule, run, order, planned, batchEnds } = input;
  const plan = await readRequired(records, recordAt.plan(input));
  const memoryPlace = recordAt.memory(rule);
  const memory = (await records.read(memoryPlace)) ?? emptyMemory();
  const tally = createTally(plan, memory, now());
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
        // A batch that stays unreadable must not hide the results of the others.
        if (failure.retryable) throw failure;
        tally.addUnreadable(batch, failure.message);
      }
    },
    { concurrency: MAX_CONCURRENCY },
  );
  const remembered = tally.memory({ isWhole: order.items === 'all' });
  if (memory.run !== run) await records.write(memoryPlace, { ...remembered, run });
  if (plan.turns !== undefined) {
    const { connection } = ruleOf(config, 'sync', rule);
    await endSyncTurns(turns, { connection, sync: rule, run }, tally.delivered());
  }
  return tally.result();
};

const nothingDone = (): Tally => ({
  items: 0,
  outcomes: zeroOutcomes(),
  stores: [],
  orphans: { found: 0, retired: 0, gone: 0, failed: 0 },
  notes: [],
  remarks: [],
});

const statusOf = ({ order, error, planned }: ReportInput, { outcomes, orphans, notes }: Tally): Report['status'] => {
  if (error !== undefined) return 'FAILED';
  if (planned?.status === 'skipped') return 'SKIPPED';
  // Every scheduled run reports these items, so runs over named items do not report them again.
  const left = order.items === 'named' ? 0 : outcomes.parked + outcomes.held;
  const outOfDate = outcomes.failed + left + outcomes.approvalRequired + orphans.failed;
  return outOfDate > 0 || notes.length > 0 ? 'PARTIAL' : 'SUCCEEDED';
};

const summarise = ({ status, items, outcomes, orphans }: Report): ReportOutput => {
  const kinds: Record<OutcomeKind, number> = { delivered: 0, unchanged: 0, skipped: 0, failed: 0 };
  for (const outcome of OUTCOME_NAMES) kinds[OUTCOMES[outcome]] += outcomes[outcome];
  return { status, items, ...kinds, retired: orphans.retired };
};

const describe = (
  { rule, run, status, items, outcomes, stores, orphans, notes, skipped = [], remarks }: Report,
  key: string,
): string[] => [
  `Sync ${rule}, run ${run}: ${status}.`,
  ...(stores.length > 1
    ? [
        `${items} accounts, ${stores.length} stores.`,
        ...stores.map((one) => `Store ${one.store}: ${counted(one.outcomes) || 'none checked'}.`),
      ]
    : [`${items} accounts: ${counted(outcomes) || 'none checked'}.`]),
  ...(orphans.found > 0
    ? [`${orphans.found} secrets without an account: ${counted(orphans, 'found') || 'kept'}.`]
    : []),
  ...notes,
  ...skipped,
  ...remarks
    .slice(0, MAX_REMARKS)
    .map((remark) => `${remark.item}${inStores(remark, stores.length)}: ${remark.outcome}. ${remark.message}`),
  ...(remarks.length > MAX_REMARKS ? [`… and ${remarks.length - MAX_REMARKS} more.`] : []),
  `Full report: ${key} in the records bucket.`,
];

const counted = (counts: Readonly<Record<string, number>>, besides = ''): string =>
  Object.entries(counts)
    .filter(([name, count]) => name !== besides && count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

import { showDuration } from '#shared/domain/duration.ts';
import { describeLeast } from '#shared/domain/limits/estimate.ts';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from '#shared/domain/outcome.ts';
import { inStores } from '#shared/domain/plan/remark.ts';
import type { Report } from '#shared/records/records.ts';
import type { Calls } from '#shared/workflows/calls.ts';
import { type Concern, renderReportPage, type Share } from './page.ts';

/** Labels of outcomes on the page. */
export const OUTCOME_LABELS: Readonly<Record<Outcome, string>> = {
  delivered: 'delivered',
  unchanged: 'unchanged',
  changing: 'being changed by the vault',
  approvalRequired: 'approval required',
  parked: 'parked',
  held: 'held after a failed test',
  failed: 'failed',
};

const TONES: Readonly<Record<(typeof OUTCOMES)[Outcome], Share['tone']>> = {
  delivered: 'good',
  unchanged: 'quiet',
  skipped: 'waiting',
  failed: 'bad',
};

/** Order of concerns on the page: the most urgent first. */
const URGENCY: readonly Outcome[] = [
  'failed',
  'held',
  'approvalRequired',
  'parked',
  'changing',
  'unchanged',
  'delivered',
];
const MAX_CONCERNS = 1000;

/** The page of one run of a sync, rendered from its report. Pure. */
export const renderSyncPage = (report: Report, calls: Calls | undefined = report.calls): string => {
  const { rule, run, status, startedAt, finishedAt, planId, items, outcomes, stores } = report;
  const { orphans, leastDuration, skipped = [], remarks } = report;
  const notes = [...report.notes, ...skipped];
  const concerns: Concern[] = remarks
    .toSorted((one, other) => URGENCY.indexOf(one.outcome) - URGENCY.indexOf(other.outcome))
    .map((remark) => ({
      item: `${remark.item}${inStores(remark, stores.length)}`,
      outcome: OUTCOME_LABELS[remark.outcome],
      message: remark.message,
    }));
  const left = concerns.length - MAX_CONCERNS;
  return renderReportPage({
    title: `Sync ${rule}`,
    status,
    facts: [
      ['Run', run],
      ['Items', items.toLocaleString('en')],
      ...(stores.length > 1 ? [['Targets', (items * stores.length).toLocaleString('en')] as const] : []),
      ...(stores.length > 1 ? stores.map((one) => [`Store ${one.store}`, countsOf(one.outcomes)] as const) : []),
      ...(orphans.found === 0 ? [] : [['Retired secrets', retiredOf(orphans)] as const]),
      ...(startedAt === undefined ? [] : [['Started', startedAt] as const]),
      ['Finished', finishedAt],
      ...(startedAt === undefined ? [] : [['Time', durationOf(startedAt, finishedAt)] as const]),
      ...(leastDuration === undefined || leastDuration.seconds === 0
        ? []
        : [['Time by the limits', describeLeast(leastDuration)] as const]),
      ...(calls === undefined ? [] : [['Calls', callsOf(calls)] as const]),
      ...(planId === undefined ? [] : [['Plan id', planId] as const]),
    ],
    shares: OUTCOME_NAMES.map((name) => ({
      label: OUTCOME_LABELS[name],
      count: outcomes[name],
      tone: TONES[OUTCOMES[name]],
    })),
    concerns: concerns.slice(0, MAX_CONCERNS),
    notes: left > 0 ? [...notes, `${left} more items need attention. See report.json next to this page.`] : notes,
  });
};

/** Counts of the outcomes in a store that occurred, such as `95 delivered, 2 failed`. */
const countsOf = (outcomes: Report['outcomes']): string =>
  OUTCOME_NAMES.filter((name) => outcomes[name] > 0)
    .map((name) => `${outcomes[name].toLocaleString('en')} ${OUTCOME_LABELS[name]}`)
    .join(', ') || 'none checked';

const retiredOf = ({ retired, found }: Report['orphans']): string =>
  `${retired.toLocaleString('en')} of ${found.toLocaleString('en')} orphans`;

const callsOf = ({ vault, store }: Calls): string =>
  `${vault.toLocaleString('en')} to the vault, ${store.toLocaleString('en')} to the stores`;

/** Formats the time between two dates, such as `4 min 12 s`. */
export const durationOf = (from: string, to: string): string => showDuration(Date.parse(to) - Date.parse(from));

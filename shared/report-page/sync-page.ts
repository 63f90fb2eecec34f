import type { LeastDuration } from '#shared/domain/limits/estimate.ts';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from '#shared/domain/outcome.ts';
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
  failed: 'failed',
};

const TONES: Readonly<Record<(typeof OUTCOMES)[Outcome], Share['tone']>> = {
  delivered: 'good',
  unchanged: 'quiet',
  skipped: 'waiting',
  failed: 'bad',
};

/** Order of concerns on the page: the most urgent first. */
const URGENCY: readonly Outcome[] = ['failed', 'approvalRequired', 'parked', 'changing', 'unchanged', 'delivered'];
const MAX_CONCERNS = 1000;

/** The page of one run of a sync, rendered from its report. Pure. */
export const renderSyncPage = (report: Report, calls: Calls | undefined = report.calls): string => {
  const { rule, run, status, startedAt, finishedAt, planId, items, outcomes, orphans, leastDuration, notes, remarks } =
    report;
  const concerns: Concern[] = remarks
    .toSorted((one, other) => URGENCY.indexOf(one.outcome) - URGENCY.indexOf(other.outcome))
    .map(({ item, outcome, message }) => ({ item, outcome: OUTCOME_LABELS[outcome], message }));
  const left = concerns.length - MAX_CONCERNS;
  return renderReportPage({
    title: `Sync ${rule}`,
    status,
    facts: [
      ['Run', run],
      ['Items', items.toLocaleString('en')],
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

const retiredOf = ({ retired, found }: Report['orphans']): string =>
  `${retired.toLocaleString('en')} of ${found.toLocaleString('en')} orphans`;

const callsOf = ({ vault, store }: Calls): string =>
  `${vault.toLocaleString('en')} to the vault, ${store.toLocaleString('en')} to the store`;

const SECOND_MS = 1000;
const UNITS = [
  [3600 * SECOND_MS, 'h'],
  [60 * SECOND_MS, 'min'],
  [SECOND_MS, 's'],
] as const;

/** Formats a duration with its two largest nonzero units, such as `4 min 12 s`; below one second, `0 s`. */
export const durationOf = (from: string, to: string): string => showMs(Date.parse(to) - Date.parse(from));

const LIMITS: Readonly<Record<LeastDuration['by'], string>> = {
  store: 'writes per second to the store',
  vault: 'calls per second to the vault',
};

/** Describes the time that the limits alone take: `at least 2 min 5 s (40 writes per second to the store)`. */
const describeLeast = ({ seconds, by, perSecond }: LeastDuration): string =>
  `at least ${showMs(seconds * SECOND_MS)} (${perSecond} ${LIMITS[by]})`;

const showMs = (ms: number): string => {
  let rest = Math.max(0, ms);
  const parts = UNITS.flatMap(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
};

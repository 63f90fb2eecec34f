import { showDuration } from '#shared/domain/duration.ts';
import { ROTATION_OUTCOMES } from '#shared/domain/rotation/progress.ts';
import type { RotationReport } from '#shared/records/rotation-record.ts';
import { type Concern, renderReportPage, type Share } from './page.ts';

const TONES: Readonly<Record<keyof typeof ROTATION_OUTCOMES, Share['tone']>> = {
  rotated: 'good',
  untested: 'good',
  unknown: 'waiting',
  testFailed: 'bad',
  failed: 'bad',
  skipped: 'quiet',
};

/** Order of concerns on the page: the most urgent first. Any other outcome comes last. */
const URGENCY: readonly string[] = [
  ROTATION_OUTCOMES.testFailed,
  ROTATION_OUTCOMES.failed,
  ROTATION_OUTCOMES.unknown,
  ROTATION_OUTCOMES.skipped,
];
const HAS_ROTATED: ReadonlySet<string> = new Set([ROTATION_OUTCOMES.rotated, ROTATION_OUTCOMES.untested]);
const MAX_CONCERNS = 1000;

const urgencyOf = (outcome: string): number => {
  const found = URGENCY.indexOf(outcome);
  return found === -1 ? URGENCY.length : found;
};

/** Text for what started a rotation. Pure. */
export const causeOf = ({
  trigger,
  requestedBy,
  ticket,
  checkout,
}: Pick<RotationReport, 'trigger' | 'requestedBy' | 'ticket' | 'checkout'>): string => {
  if (checkout !== undefined) return `the end of the checkout ${checkout}`;
  if (requestedBy === undefined) return `a ${trigger}`;
  const under = ticket === undefined ? '' : ` for the ticket ${ticket}`;
  return `the message ${requestedBy.id} of ${requestedBy.sender}${under}`;
};

/** The page of one rotation, rendered from its report. Pure. */
export const renderRotationPage = (report: RotationReport): string => {
  const { rule, run, status, startedAt, finishedAt, continues, stopped, estimateSeconds } = report;
  const { items, deliveries, oldCredential, notes } = report;
  const late = deliveries.filter((delivery) => delivery.status !== 'SUCCEEDED');
  const concerns: Concern[] = items
    .filter(({ outcome }) => !HAS_ROTATED.has(outcome))
    .toSorted((one, other) => urgencyOf(one.outcome) - urgencyOf(other.outcome))
    .map(({ title, outcome, reason = '' }) => ({ item: title, outcome, message: reason }));
  const left = concerns.length - MAX_CONCERNS;
  const old = oldCredential ?? { count: 0, targets: [] };
  return renderReportPage({
    title: `Rotation ${rule}`,
    status,
    facts: [
      ['Run', run],
      ['Started by', causeOf(report)],
      ...(continues === undefined ? [] : [['Continues', continues] as const]),
      ['Items', items.length.toLocaleString('en')],
      ['Waves', new Set(items.map(({ wave }) => wave)).size.toLocaleString('en')],
      ...(stopped === undefined ? [] : [['Stopped by', stopped] as const]),
      ...(estimateSeconds === undefined ? [] : [['Least time', showDuration(estimateSeconds * 1000)] as const]),
      ...(old.count === 0 ? [] : [['Targets with an old credential', old.count.toLocaleString('en')] as const]),
      ['Started', startedAt],
      ['Finished', finishedAt],
    ],
    shares: Object.entries(TONES).map(([end, tone]) => {
      const label = Object.entries(ROTATION_OUTCOMES).find(([name]) => name === end)?.[1] ?? end;
      return { label, count: items.filter(({ outcome }) => outcome === label).length, tone };
    }),
    concerns: [
      ...late.map((delivery) => ({
        item: `Sync ${delivery.sync}`,
        outcome: delivery.status,
        message: `Its run ${delivery.run} has not delivered everything. Look at its report.`,
      })),
      ...concerns.slice(0, MAX_CONCERNS),
      ...old.targets.map(({ item, sync, store, name, reason }) => ({
        item: `Secret ${name} in ${store}`,
        outcome: 'old credential',
        message: `The sync ${sync} delivers it for ${item}. ${reason}`,
      })),
    ],
    notes: [
      ...notes,
      ...(left > 0 ? [`${left} more items need attention. See report.json next to this page.`] : []),
      ...(old.count > old.targets.length
        ? [`${old.count - old.targets.length} more targets may hold an old credential.`]
        : []),
    ],
  });
};

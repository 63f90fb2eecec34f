import {
  OLD_CHECKOUT_OUTCOMES,
  type OldCheckoutRow,
  type OldCheckoutsReport,
} from '#shared/records/old-checkouts-record.ts';
import { type Concern, renderReportPage, type Share } from './page.ts';

const TONES: Readonly<Record<OldCheckoutRow['outcome'], Share['tone']>> = {
  failed: 'bad',
  unclear: 'bad',
  forced: 'waiting',
  open: 'waiting',
  unknown: 'quiet',
  over: 'good',
};

/** Order of checkouts on the page: the most urgent first. */
const URGENCY = Object.keys(TONES);
const MAX_CONCERNS = 1000;

const ROTATIONS = {
  asked: 'Its rotation was asked for.',
  refused: 'Its rotation was refused.',
  unclear: 'Its rotation may have been asked for.',
} as const;

const messageOf = ({ since, hours, holder, group, reason, rotation }: OldCheckoutRow): string =>
  [
    ...(since === undefined
      ? []
      : [
          `Since ${since}${hours === undefined ? '' : `, ${hours.toLocaleString('en')} h`}${holder === undefined ? '' : `, by ${holder}`}.`,
        ]),
    ...(group === undefined ? [] : [`Group ${group}.`]),
    reason,
    ...(rotation === undefined ? [] : [ROTATIONS[rotation.outcome], rotation.reason ?? []].flat()),
  ].join(' ');

/** The page of one run of a rule for old checkouts, rendered from its report. Pure. */
export const renderOldCheckoutsPage = (report: OldCheckoutsReport): string => {
  const { rule, run, status, finishedAt, connection, olderThanHours, checkouts } = report;
  const concerns: Concern[] = checkouts
    .toSorted(
      (one, other) =>
        URGENCY.indexOf(one.outcome) - URGENCY.indexOf(other.outcome) || (other.hours ?? 0) - (one.hours ?? 0),
    )
    .map((row) => ({ item: row.title, outcome: row.outcome, message: messageOf(row) }));
  const left = concerns.length - MAX_CONCERNS;
  return renderReportPage({
    title: `Old checkouts ${rule}`,
    status,
    facts: [
      ['Run', run],
      ['Connection', connection],
      ['Older than', `${olderThanHours} h`],
      ['Finished', finishedAt],
    ],
    shares: OLD_CHECKOUT_OUTCOMES.map((outcome) => ({
      label: outcome,
      count: checkouts.filter((row) => row.outcome === outcome).length,
      tone: TONES[outcome],
    })),
    concerns: concerns.slice(0, MAX_CONCERNS),
    notes: left > 0 ? [`${left} more checkouts are in report.json next to this page.`] : [],
  });
};

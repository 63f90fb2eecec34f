import type { OldCheckoutRow, OldCheckoutsReport } from '#shared/records/old-checkouts-record.ts';

/** Lines about checkouts in a notice; the report has all of them. */
const MAX_LINES = 20;

const AFTER = {
  asked: 'The vault was asked to change the credential.',
  refused: 'The credential was not changed.',
  unclear: 'The credential may have been changed.',
} as const;

const WORDS: Partial<Record<OldCheckoutRow['outcome'], string>> = {
  forced: 'ended',
  failed: 'not ended',
  unclear: 'perhaps ended',
};

/** One line about a checkout, for people. Pure. */
const lineOf = ({ title, outcome, since, holder, reason, rotation }: OldCheckoutRow): string =>
  [
    `${title}, ${holder === undefined ? 'checked out' : `checked out by ${holder}`} at ${since ?? 'an unknown time'}:`,
    `${WORDS[outcome] ?? outcome}. ${reason}`,
    ...(rotation === undefined ? [] : [AFTER[rotation.outcome], rotation.reason ?? []].flat()),
  ].join(' ');

/** Subject and lines of the notice about the checkouts that a run has ended or could not end. Pure. */
export const noticeOf = (
  { rule, run, connection }: Pick<OldCheckoutsReport, 'rule' | 'run' | 'connection'>,
  rows: readonly OldCheckoutRow[],
  key: string,
): { readonly subject: string; readonly lines: readonly string[] } => {
  const forced = rows.filter(({ outcome }) => outcome === 'forced').length;
  return {
    subject: `pam-relay: old checkouts ${rule}: ${forced} ended, ${rows.length - forced} not`,
    lines: [
      `Rule ${rule}, run ${run}, connection ${connection}.`,
      ...rows.slice(0, MAX_LINES).map(lineOf),
      ...(rows.length > MAX_LINES ? [`… and ${rows.length - MAX_LINES} more.`] : []),
      `Full report: ${key} in the records bucket.`,
    ],
  };
};

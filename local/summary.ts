import { relative } from 'node:path';
import { styleText } from 'node:util';
import { inStores } from '#shared/domain/plan/remark.ts';
import { showText } from '#shared/domain/text.ts';
import { OUTCOME_LABELS } from '#shared/report-page/sync-page.ts';
import { type RunFigures, VAULT_CALLS } from './figures.ts';
import type { MainRun } from './main-run.ts';

type Row = readonly [label: string, first: string, second: string];
type Count = (figures: RunFigures) => number;

const VAULT_LABELS: Readonly<Record<(typeof VAULT_CALLS)[number], string>> = {
  token: 'tokens',
  signIn: 'sign-ins',
  signOut: 'sign-outs',
  list: 'pages of accounts',
  request: 'requests opened',
  credential: 'credentials read',
  checkin: 'requests checked in',
  other: 'other',
};

/** The text output of `npm start`. */
export const summarise = ({
  runs,
  openRequests,
  openSessions,
  canaryHits,
  provisioning,
  tickets,
  rotations,
  directory,
  notRotated,
  broken,
  pages,
  runDirectory,
}: MainRun): string => {
  const counted = rowsOf(runs);
  const storeActions = new Set(
    runs.flatMap(({ storeCalls }) => Object.keys(storeCalls)).filter((key) => key !== 'total'),
  );
  const rows: Row[] = [
    ['', 'run 1', 'run 2'],
    ...counted('accounts', ({ accounts }) => accounts),
    ...targetRows(runs),
    ...Object.entries(OUTCOME_LABELS).flatMap(([outcome, label]) =>
      counted(`  ${label}`, ({ delivered, report }) =>
        outcome === 'delivered' ? delivered : countOf(report.outcomes, outcome),
      ),
    ),
    ...storeRows(runs),
    ...counted('calls to the vault', ({ vaultCalls }) => vaultCalls.total),
    ...VAULT_CALLS.flatMap((kind) => counted(`  ${VAULT_LABELS[kind]}`, ({ vaultCalls }) => vaultCalls[kind])),
    ...counted(
      runs[0].stores.length > 1 ? 'calls to the stores' : 'calls to the store',
      ({ storeCalls }) => storeCalls.total,
    ),
    ...[...storeActions]
      .sort()
      .flatMap((action) => counted(`  ${action}`, ({ storeCalls }) => storeCalls[action] ?? 0)),
    ...counted('calls to AWS throttled', ({ throttledCalls }) => throttledCalls),
    ...counted('state transitions', ({ transitions }) => transitions),
    ['time', ...bothAs(runs, ({ durationMs }) => seconds(durationMs / 1000))],
    ...counted('seconds by the limits alone', ({ report }) => report.leastDuration?.seconds ?? 0),
  ];
  return [
    '',
    ...layOut(rows),
    '',
    ...figureLines('Provisioning', provisioning),
    ...figureLines('Tickets', tickets),
    ...figureLines('Rotation', rotations, notRotated),
    ...figureLines('Directory', directory),
    verdict('open requests at the vault', openRequests),
    verdict('open sessions at the vault', openSessions),
    verdict(`credentials found outside the ${runs[0].stores.length === 1 ? 'store' : 'stores'}`, canaryHits),
    '',
    ...notDelivered(runs[1]),
    `Reports as pages: ${pages.map((page) => relative('', page)).join(', ')}`,
    `Logs and histories: ${relative('', runDirectory)}`,
    ...broken.map((sentence) => styleText('red', `Broken: ${showText(sentence)}`)),
  ].join('\n');
};

/** Figures of a part of the run that was asked for. */
const figureLines = (
  title: string,
  figures: MainRun['provisioning'] | MainRun['tickets'] | MainRun['rotations'] | MainRun['directory'],
  exceptions: readonly string[] = [],
): string[] =>
  figures === undefined
    ? []
    : [
        styleText('bold', title),
        ...Object.entries(figures).map(([label, count]) => `  ${label.padEnd(10)}  ${String(count).padStart(7)}`),
        ...exceptions.slice(0, REMARKS_SHOWN).map((line) => `  ${showText(line)}`),
        '',
      ];

/** Number of targets, if there are several for each account. */
const targetRows = (runs: MainRun['runs']): Row[] =>
  runs[0].stores.length === 1 ? [] : rowsOf(runs)('targets', ({ accounts, stores }) => accounts * stores.length);

/** One row for each store, if there are several. */
const storeRows = (runs: MainRun['runs']): Row[] => {
  const [{ stores }] = runs;
  if (stores.length === 1) return [];
  return stores.flatMap(({ store }, index) =>
    rowsOf(runs)(`  delivered to ${store}`, (figures) => figures.stores[index]?.delivered ?? 0),
  );
};

const seconds = (count: number): string => `${count.toFixed(1)} s`;

const countOf = (counts: Readonly<Record<string, number>>, key: string): number => counts[key] ?? 0;

const bothAs = ([first, second]: MainRun['runs'], show: (figures: RunFigures) => string): [string, string] => [
  show(first),
  show(second),
];

/** Formats a count as a row, or as no row if it is zero in both runs. */
const rowsOf =
  (runs: MainRun['runs']) =>
  (label: string, count: Count): Row[] =>
    runs.every((figures) => count(figures) === 0)
      ? []
      : [[label, ...bothAs(runs, (figures) => count(figures).toLocaleString('en'))]];

const layOut = (rows: readonly Row[]): string[] => {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, first, second]) => {
    const line = `${label.padEnd(width)}  ${first.padStart(9)}  ${second.padStart(9)}`;
    return label.startsWith('  ') ? line : styleText('bold', line);
  });
};

const verdict = (label: string, count: number): string =>
  `${count === 0 ? styleText('green', '✓') : styleText('red', '✗')} ${label}: ${count}`;

const REMARKS_SHOWN = 12;

const notDelivered = ({ report: { remarks, stores, skipped = [] } }: RunFigures): string[] =>
  remarks.length + skipped.length === 0
    ? []
    : [
        styleText('bold', 'Items that run 2 did not deliver'),
        ...remarks
          .slice(0, REMARKS_SHOWN)
          .flatMap((remark) => [
            `  ${showText(`${remark.item}${inStores(remark, stores.length)}`)} (${OUTCOME_LABELS[remark.outcome]})`,
            `    ${showText(remark.message)}`,
          ]),
        ...(remarks.length > REMARKS_SHOWN ? [`  … and ${remarks.length - REMARKS_SHOWN} more`] : []),
        ...skipped.map((line) => `  ${showText(line)}`),
        '',
      ];

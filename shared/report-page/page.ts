import { createHash } from 'node:crypto';
import escapeHtml from 'escape-html';
import { showText } from '#shared/domain/text.ts';
import { STYLE } from './style.ts';

/** One share of the bar; `tone` chooses its colour. */
export interface Share {
  readonly label: string;
  readonly count: number;
  readonly tone: 'good' | 'quiet' | 'waiting' | 'bad';
}

/** An item that needs attention, with the advice of its error. */
export interface Concern {
  readonly item: string;
  readonly outcome: string;
  readonly message: string;
}

/** Content of the page of one run. Every text can come from another system; the page escapes it. */
export interface ReportPage {
  readonly title: string;
  readonly status: string;
  /** Summary of the run, as labels and values. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly shares: readonly Share[];
  readonly concerns: readonly Concern[];
  readonly notes: readonly string[];
}

const BAR_UNITS = 1000;
const BAR_HEIGHT = 28;

/** Escapes markup, and every character that could reorder or hide text. */
const text = (value: string): string => escapeHtml(showText(value));

/**
 * The page of one run: self-contained HTML without scripts. Its content security policy allows its own style sheet and
 * no requests. Pure.
 */
export const renderReportPage = ({ title, status, facts, shares, concerns, notes }: ReportPage): string =>
  [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${text(title)}: ${text(status)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${text(title)} <span class="status">${text(status)}</span></h1>`,
    summary(facts),
    ...outcomes(shares),
    ...concernTable(concerns),
    ...noteList(notes),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const summary = (facts: ReportPage['facts']): string =>
  ['<dl>', ...facts.map(([label, value]) => `<div><dt>${text(label)}</dt><dd>${text(value)}</dd></div>`), '</dl>'].join(
    '\n',
  );

const outcomes = (shares: readonly Share[]): string[] => {
  const shown = shares.filter(({ count }) => count > 0);
  if (shown.length === 0) return [];
  const counts = shown.map(({ label, count }) => `${count.toLocaleString('en')} ${label}`);
  return [
    '<h2>Outcomes</h2>',
    `<svg viewBox="0 0 ${BAR_UNITS} ${BAR_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${text(counts.join(', '))}">`,
    ...bar(shown),
    '</svg>',
    '<ul class="legend">',
    ...shown.map(
      ({ tone }, index) => `<li><span class="${tone}" aria-hidden="true"></span>${text(counts[index] ?? '')}</li>`,
    ),
    '</ul>',
  ];
};

const bar = (shares: readonly Share[]): string[] => {
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  let begin = 0;
  return shares.map(({ count, tone }) => {
    const width = (count / total) * BAR_UNITS;
    const rectangle = `<rect class="${tone}" x="${begin.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${BAR_HEIGHT}"/>`;
    begin += width;
    return rectangle;
  });
};

const concernTable = (concerns: readonly Concern[]): string[] =>
  concerns.length === 0
    ? []
    : [
        '<h2>Needs attention</h2>',
        '<table>',
        '<thead><tr><th scope="col">Item</th><th scope="col">Outcome</th><th scope="col">What to do</th></tr></thead>',
        '<tbody>',
        ...concerns.map(
          ({ item, outcome, message }) =>
            `<tr><th scope="row">${text(item)}</th><td>${text(outcome)}</td><td>${text(message)}</td></tr>`,
        ),
        '</tbody>',
        '</table>',
      ];

const noteList = (notes: readonly string[]): string[] =>
  notes.length === 0 ? [] : ['<h2>Notes</h2>', '<ul>', ...notes.map((note) => `<li>${text(note)}</li>`), '</ul>'];

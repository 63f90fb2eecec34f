import { checkoutWorkflow } from '#shared/workflows/checkout.ts';
import type { WorkflowSteps } from '#shared/workflows/step.ts';
import { syncWorkflow } from '#shared/workflows/sync.ts';

const WIDTH = 960;
const STEP = { width: 84, height: 36, gap: 12 };
const LEFT = 190;

const STYLE = `
text { font: 14px system-ui, sans-serif; fill: #1b1f24; }
.soft { fill: #57606a; font-size: 12px; }
.frame { fill: none; stroke: #8c959f; stroke-dasharray: 5 4; }
.box { fill: #f6f8fa; stroke: #57606a; }
.step { fill: #ddf4ff; stroke: #0969da; }
.credential { fill: #fff8c5; stroke: #9a6700; }
.line { stroke: #57606a; fill: none; marker-end: url(#arrow); }
#arrow path { fill: #57606a; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .soft { fill: #9da7b3; }
  .box { fill: #161b22; stroke: #9da7b3; } .step { fill: #0c2d4a; stroke: #58a6ff; }
  .credential { fill: #3b2e00; stroke: #d29922; }
  .line { stroke: #9da7b3; } #arrow path { fill: #9da7b3; }
}
`;

const box = (kind: string, x: number, y: number, width: number, height: number, label: string): string =>
  `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>` +
  `<text x="${x + width / 2}" y="${y + height / 2 + 5}" text-anchor="middle">${label}</text>`;

const line = (...points: readonly (readonly [number, number])[]): string =>
  `<polyline class="line" points="${points.map((point) => point.join(',')).join(' ')}"/>`;

const caption = (x: number, y: number, label: string): string => `<text class="soft" x="${x}" y="${y}">${label}</text>`;

/** The steps of a workflow in one row. Steps that handle a credential have their own colour. */
const row = ({ steps }: WorkflowSteps, label: string, y: number): string[] => {
  const names = steps.map(({ folder }) => folder.slice(folder.indexOf('/') + 1));
  return [
    caption(LEFT, y - 10, label),
    ...names.map((name, index) => {
      const kind = name === 'retrieve' ? 'credential' : 'step';
      return box(kind, LEFT + index * (STEP.width + STEP.gap), y, STEP.width, STEP.height, name);
    }),
    ...names.slice(1).map((_, index) => {
      const x = LEFT + index * (STEP.width + STEP.gap) + STEP.width;
      return line([x, y + STEP.height / 2], [x + STEP.gap - 1, y + STEP.height / 2]);
    }),
  ];
};

/** Draws the overview in the README: triggers, the declared steps of each workflow, the vault and the store. */
export const drawOverview = (): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 400" role="img" aria-labelledby="title">`,
    '<title id="title">Triggers start workflows in your AWS account, which read from the vault and deliver to the store.</title>',
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    '<rect class="frame" x="10" y="90" width="940" height="230" rx="10"/>',
    caption(24, 110, 'Your AWS account'),
    box('box', 300, 10, 420, 44, 'Password Safe: list, request, read, check in'),
    line([510, 120], [510, 55]),
    box('box', 24, 146, 120, STEP.height, 'Schedule'),
    line([144, 164], [LEFT - 2, 164]),
    ...row(syncWorkflow, 'sync: delivers selected accounts whose credential has changed', 146),
    box('box', 24, 216, 120, STEP.height, 'Message'),
    line([144, 234], [LEFT - 2, 234]),
    ...row(checkoutWorkflow, 'checkout: for the lifetime of a ticket', 216),
    box('box', 24, 272, 120, STEP.height, 'Schedule'),
    line([144, 290], [LEFT - 2, 290]),
    box('step', LEFT, 272, STEP.width, STEP.height, 'reap'),
    caption(LEFT + STEP.width + 14, 294, 'closes what an interrupted run left open'),
    box('credential', 790, 286, 14, 14, ''),
    caption(812, 298, 'handles credentials'),
    line([510, 320], [510, 347]),
    box('credential', 380, 348, 260, 44, 'AWS Secrets Manager'),
    line([640, 370], [698, 370]),
    box('box', 700, 348, 180, 44, 'Your workloads'),
    '</svg>',
    '',
  ].join('\n');

import type { RelayConfig } from '#shared/config/schema.ts';
import type { Grant } from '#shared/workflows/grants.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';

/** The page of permissions: what every step declares, so that it can't say anything else than what is deployed. */

const INTRODUCTION = `# Permissions

Written by \`npm run diagram\` out of the declarations in \`shared/workflows/\`, for the configuration \`examples/tickets.yaml\`.

Each function has a role of its own. It can write to its own log group and to X-Ray, and to nothing else but what stands here.
With each permission comes the environment variable by which the function finds what it is for. Stores are used only under the
fixed beginnings of the names in \`relay.yaml\`, those of syncs and those of checkouts by different functions, and what is there
is changed only where it carries the relay's own tag.
`;

const COLUMNS = ['function', 'seconds', 'MB', 'vault', 'records', 'stores', 'runs', 'more'] as const;

/** The whole page. */
export const writePermissionsPage = (config: RelayConfig): string =>
  `${INTRODUCTION}\n${writeTable([COLUMNS, ...stepsFor(config).map((step) => rowOf(step, config))])}\n`;

const rowOf = (step: Step, config: RelayConfig): readonly string[] => {
  const grants = step.grants(config);
  return [
    `\`${functionName(step)}\``,
    String(step.seconds),
    String(step.memoryMb),
    grants.some(({ to }) => to === 'sign-in') ? 'signs in' : '',
    inWords(grants, recordsWords),
    storesInWords(grants),
    inWords(grants, runsWords),
    inWords(grants, moreWords),
  ];
};

/** A verb, and what it is done to. */
type Words = readonly [verb: string, object: string];

const recordsWords = (grant: Grant): Words | undefined => {
  if (grant.to !== 'records') return undefined;
  return grant.may === 'list' ? ['list', 'all'] : [grant.may, `\`${grant.folder}/\``];
};
const runsWords = (grant: Grant): Words | undefined => (grant.to === 'runs' ? [grant.may, grant.of] : undefined);
const moreWords = (grant: Grant): Words | undefined => {
  if (grant.to === 'alerts') return [grant.may, 'alerts'];
  return grant.to === 'messages' ? [grant.may, 'messages'] : undefined;
};

/** Each verb once, with all that it is done to. */
const inWords = (grants: readonly Grant[], wordsFor: (grant: Grant) => Words | undefined): string =>
  [
    ...Map.groupBy(
      grants.map(wordsFor).filter((words) => words !== undefined),
      ([verb]) => verb,
    ),
  ]
    .map(([verb, words]) => `${verb} ${words.map(([, object]) => object).join(', ')}`)
    .join('; ');

/** The secrets of whose rules, and all that is done to them. */
const storesInWords = (grants: readonly Grant[]): string =>
  [
    ...Map.groupBy(
      grants.filter((grant) => grant.to === 'stores'),
      ({ of }) => of,
    ),
  ]
    .map(([of, uses]) => `${uses.map(({ may }) => may).join(', ')} secrets of ${of}`)
    .join('; ');

/** A Markdown table with columns as wide as their widest cell. */
const writeTable = (rows: readonly (readonly string[])[]): string => {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`,
  );
  const [head = '', ...body] = lines;
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
};

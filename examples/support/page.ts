import { readExample } from '#local/example-rules.ts';
import type { Role } from '#local/simulators/password-safe/users.ts';
import { DOCUMENTED_CASES } from './documented-cases.ts';
import { listOpen } from './show.ts';
import type { Performance } from './stage.ts';

/** Where {@link renderPage} goes. */
export const PAGE = 'docs/examples.md';

const ROLE_NAMES: Readonly<Partial<Record<Role, string>>> = { requestor: 'Requestor', isa: 'ISA' };

const INTRODUCTION = `# Examples that run

The four cases that the vendor's documentation gives for managed accounts, each done by a message to the relay. \`npm run
examples\` runs them on one machine, a single one by its name (\`npm run examples -- create-a-session\`), and fails when a
sequence of calls, a delivery or what is open afterwards is not as it should be. \`npm run sandbox\` has the same rules and
accounts, and prints how to send a message of your own.

The tables show the calls that the documentation gives, and beside them those that the simulated vault has counted. There
are more of them: an approval or a window outlives a session, so that each step of the workflow signs in and out for itself;
and each promise of the relay costs a call, which the last column names.

<!-- Written by npm run examples -- --write, from what the examples did. -->
`;

/** The page about the examples, out of what they came to. */
export const renderPage = (performances: readonly Performance[]): string =>
  [INTRODUCTION, ...performances.map(renderOne)].join('\n');

const renderOne = ({ example, message, rows, delivered, openAfterwards }: Performance): string => {
  const { title, summary } = DOCUMENTED_CASES[example.name];
  const { name, roles } = example;
  return `## ${title}

Documented as: _${summary}_. The relay's user needs the role ${roles.map((role) => ROLE_NAMES[role] ?? role).join(' and ')}.
In \`relay.yaml\` ([the whole of it](../examples/${name}.yaml)):

${fenced('yml', rulesIn(readExample(name)))}

The message ([the script](../examples/${name}.ts)):

${fenced('json', JSON.stringify(message, null, 2))}

| the documentation | pam-relay | why |
| ----------------- | --------- | --- |
${rows.map(({ documented, ours, why }) => `| ${code(documented)} | ${code(ours)} | ${why ?? ''} |`).join('\n')}

Delivered: ${delivered.map((secret) => `\`${secret}\``).join(', ')}. Open afterwards: ${listOpen(openAfterwards)}.
`;
};

const rulesIn = (yaml: string): string => yaml.slice(yaml.indexOf('checkouts:')).trimEnd();

const fenced = (language: string, text: string): string => ['```', language, '\n', text, '\n```'].join('');

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

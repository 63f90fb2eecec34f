import { readExample } from '#local/example-rules.ts';
import type { Role } from '#local/simulators/password-safe/users.ts';
import { DOCUMENTED_CASES } from './documented-cases.ts';
import { listOpen } from './show.ts';
import type { Performance } from './stage.ts';

/** Path of the rendered page. */
export const PAGE = 'docs/examples.md';

const ROLE_NAMES: Readonly<Partial<Record<Role, string>>> = { requestor: 'Requestor', isa: 'ISA' };

const INTRODUCTION = `# Examples that run

The vendor's documentation describes five cases. Each example performs one of them with a message to the relay, and the last one is a rotation.
\`npm run examples\` runs all examples on one machine, and \`npm run examples -- create-a-session\` runs one of them. The command fails if
a sequence of calls or a delivery is wrong, or if anything is still open afterwards. \`npm run sandbox\` has the same rules and accounts,
and prints how to send your own messages.

The tables compare the documented calls with the calls that the simulated vault counted. The relay makes more calls for two reasons.
An approval or a window outlives a session, so each step of the workflow signs in and out. Each promise of the relay costs a call,
which the last column explains.

<!-- Written by npm run examples -- --write, from the results of the examples. -->
`;

/** Renders the page of the examples from their results. */
export const renderPage = (performances: readonly Performance[]): string =>
  [INTRODUCTION, ...performances.map(renderOne)].join('\n');

const renderOne = ({ example, message, rows, delivered, openAfterwards }: Performance): string => {
  const documented = DOCUMENTED_CASES[example.name];
  const { name, roles } = example;
  const origin =
    'summary' in documented
      ? `Documented as: _${documented.summary}_.`
      : 'Documented are only the calls, not their sequence.';
  return `## ${documented.title}

${origin} ${needs(roles)}
In \`relay.yaml\` ([complete file](../examples/${name}.yaml)):

${fenced('yml', rulesIn(readExample(name)))}

The message ([script](../examples/${name}.ts)):

${fenced('json', JSON.stringify(message, null, 2))}

| the documentation | pam-relay | why |
| ----------------- | --------- | --- |
${rows.map(({ documented, ours, why }) => `| ${code(documented)} | ${code(ours)} | ${why ?? ''} |`).join('\n')}

${delivered.length === 0 ? '' : `Delivered: ${delivered.map((secret) => `\`${secret}\``).join(', ')}. `}Open afterwards: ${listOpen(openAfterwards)}.
`;
};

const needs = (roles: Performance['example']['roles']): string =>
  roles === undefined
    ? "The relay's user administers: [provisioning](provisioning.md)."
    : `The relay's user needs the role ${roles.map((role) => ROLE_NAMES[role] ?? role).join(' and ')}.`;

const rulesIn = (yaml: string): string => yaml.slice(yaml.search(/^(checkouts|provisioning|rotations):/m)).trimEnd();

const fenced = (language: string, text: string): string => ['```', language, '\n', text, '\n```'].join('');

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

import * as z from 'zod';
import type { Machine } from '#shared/workflows/grants.ts';

/**
 * The pictures of the workflows in `docs/architecture.md`, drawn from the state machines that are deployed, so that they
 * can't show others. Only the fields that matter to a picture are read.
 */

const stateSchema = z.object({
  Type: z.string(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.object({ Next: z.string() })).default([]),
  Catch: z.array(z.object({ Next: z.string() })).default([]),
  get ItemProcessor() {
    return statesSchema.optional();
  },
});
type State = z.output<typeof stateSchema>;

const statesSchema = z.object({ StartAt: z.string(), States: z.record(z.string(), stateSchema) });
type States = z.output<typeof statesSchema>;

/** The definition as a Mermaid flowchart: dotted arrows are taken after a failure. */
export const drawMermaid = (definition: unknown): string =>
  ['flowchart TD', ...drawStates(statesSchema.parse(definition), '  ')].join('\n');

const drawStates = ({ States: states }: States, indent: string): string[] =>
  Object.entries(states).flatMap(([name, state]) => [
    ...drawNode(name, state, indent),
    ...arrowsFrom(name, state).map((arrow) => `${indent}${arrow}`),
  ]);

/** A map is drawn as a box around its own states, entered where they start. */
const drawNode = (name: string, { Type, ItemProcessor: inner }: State, indent: string): string[] => {
  if (inner !== undefined) {
    return [
      `${indent}subgraph ${name}["${name}: each on its own"]`,
      ...drawStates(inner, `${indent}  `),
      `${indent}end`,
    ];
  }
  if (Type === 'Choice') return [`${indent}${name}{${name}}`];
  return [Type === 'Task' ? `${indent}${name}[${name}]` : `${indent}${name}([${name}])`];
};

const arrowsFrom = (name: string, { Next, Default, Choices, Catch }: State): string[] => {
  const onwards = [...Choices.map((choice) => choice.Next), ...[Next, Default].filter((next) => next !== undefined)];
  return [...onwards.map((next) => `${name} --> ${next}`), ...Catch.map((caught) => `${name} -.-> ${caught.Next}`)];
};

/** The page with the picture of a workflow replaced between its markers. Throws when the page has no place for it. */
export const placeDiagram = (page: string, workflow: Machine, mermaid: string): string => {
  const begin = `<!-- begin: ${workflow} workflow, written by npm run diagram -->`;
  const end = `<!-- end: ${workflow} workflow -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no ${begin} followed by ${end}.`);
  return `${page.slice(0, from + begin.length)}\n\n\`\`\`mermaid\n${mermaid}\n\`\`\`\n\n${page.slice(to)}`;
};

import * as z from 'zod';
import { placeSection } from '#infra/markdown.ts';
import type { Machine } from '#shared/workflows/grants.ts';

/**
 * The diagrams of the workflows in `docs/architecture.md`, generated from the deployed state machines so that they
 * cannot diverge from them. The schemas contain only the fields that a diagram needs.
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

/** Returns the definition as a Mermaid flowchart, in which dotted arrows are failure paths. */
export const drawMermaid = (definition: unknown): string =>
  ['flowchart TD', ...drawStates(statesSchema.parse(definition), '  ')].join('\n');

const drawStates = ({ States: states }: States, indent: string): string[] =>
  Object.entries(states).flatMap(([name, state]) => [
    ...drawNode(name, state, indent),
    ...arrowsFrom(name, state).map((arrow) => `${indent}${arrow}`),
  ]);

/** A map is drawn as a box around its states. */
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

/**
 * Returns the page with the diagram of a workflow replaced between its markers. Throws if the page lacks the markers.
 */
export const placeDiagram = (page: string, workflow: Machine, mermaid: string): string =>
  placeSection(page, {
    name: `${workflow} workflow`,
    command: 'npm run diagram',
    text: `\`\`\`mermaid\n${mermaid}\n\`\`\``,
  });

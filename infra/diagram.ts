import * as z from 'zod';

/**
 * The picture of the sync workflow in `docs/architecture.md`, drawn from the state machine that is deployed, so that it
 * can't show another one. Only the fields that matter to the picture are read.
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

const BEGIN = '<!-- begin: sync workflow, written by npm run diagram -->';
const END = '<!-- end: sync workflow -->';

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

/** The page with the picture between its markers replaced. Throws when the page has no place for it. */
export const placeDiagram = (page: string, mermaid: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The page has no ${BEGIN} followed by ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n\`\`\`mermaid\n${mermaid}\n\`\`\`\n\n${page.slice(end)}`;
};

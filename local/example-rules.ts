import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, parse } from 'yaml';
import { z } from 'zod';

/** The examples of checkouts. Each has a relay.yaml of the same name in `examples/` with a rule. */
const EXAMPLES = [
  'retrieve-a-password',
  'create-a-session',
  'retrieve-a-password-as-isa',
  'create-a-session-as-isa',
] as const;
/** The examples that run. The last two have a blueprint and a rotation. */
export type ExampleName = (typeof EXAMPLES)[number] | 'provisioning' | 'rotation';

const FOLDER = resolve(import.meta.dirname, '../examples');

const fileSchema = z.object({ checkouts: z.record(z.string(), z.unknown()) });

/** The text of an example's relay.yaml. */
export const readExample = (name: ExampleName): string => readFileSync(resolve(FOLDER, `${name}.yaml`), 'utf8');

/** The rules of all examples, by their names in relay.yaml. */
export const exampleRules = () =>
  EXAMPLES.flatMap((example) =>
    Object.entries(fileSchema.parse(parse(readExample(example))).checkouts).map(([rule, settings]) => ({
      example,
      rule,
      settings,
    })),
  );

/** Adds the rules of all examples to a relay.yaml with the same names of connection and store. */
export const addExampleRules = (config: Document): void => {
  for (const { rule, settings } of exampleRules()) config.setIn(['checkouts', rule], config.createNode(settings));
};

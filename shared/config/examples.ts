import * as z from 'zod';

/** Examples in the metadata of schemas, written as lines to paste into relay.yaml. */

const metaSchema = z.object({ examples: z.array(z.unknown()).min(1) });
const mapSchema = z.record(z.string(), z.unknown());

/** Characters that end plain text inside brackets. */
const NEEDS_QUOTES = /[{}[\],]/;

const inBrackets = (value: unknown): string =>
  typeof value === 'string' && NEEDS_QUOTES.test(value) ? JSON.stringify(value) : toFlow(value);

/** Writes a value in one line of YAML. */
const toFlow = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(inBrackets).join(', ')}]`;
  const { data: map } = mapSchema.safeParse(value);
  if (map === undefined) return String(value);
  const entries = Object.entries(map).map(([key, each]) => `${key}: ${inBrackets(each)}`);
  return `{ ${entries.join(', ')} }`;
};

/**
 * Returns the first example of a schema as a line for a key, such as `stores: [aws]`, or without a key for an entry of
 * a list. Undefined if the schema has none. Pure.
 */
export const exampleLine = (schema: unknown, key: PropertyKey | undefined): string | undefined => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const [example] = metaSchema.safeParse(z.globalRegistry.get(schema)).data?.examples ?? [];
  if (example === undefined) return undefined;
  return typeof key === 'string' ? `${key}: ${toFlow(example)}` : toFlow(example);
};

import * as z from 'zod';
import { hintOf, type Section } from '#shared/config/hints.ts';
import { name } from '#shared/config/schema/fields.ts';

/**
 * Examples of values, written as lines to paste into relay.yaml. They come from the metadata of the schemas; that of a
 * map, a list or a union is put together from its parts. No example repeats a value that an operator wrote, other than
 * the name of an entry or a word of the schema.
 */

const metaSchema = z.object({ examples: z.array(z.unknown()).min(1) });
const mapSchema = z.record(z.string(), z.unknown());

/** Valid names of the entries of a configuration, by section. Empty for a missing section. */
export type EntryNames = Readonly<Record<Section, ReadonlySet<string>>>;

/** Extracts the names of the entries from a configuration of any shape. Pure. */
export const entryNamesIn = (config: unknown): EntryNames => {
  const { data: sections } = mapSchema.safeParse(config);
  const namesIn = (section: Section): ReadonlySet<string> => {
    const keys = Object.keys(mapSchema.safeParse(sections?.[section]).data ?? {});
    return new Set(keys.filter((key) => name.safeParse(key).success));
  };
  return { connections: namesIn('connections'), stores: namesIn('stores') };
};

/** Facts on which an example depends, beside its schema. */
interface Situation {
  readonly names: EntryNames;
  /** Value that the example replaces; undefined if there is none. */
  readonly written?: unknown;
}

/** Characters that end plain text inside brackets. */
const NEEDS_QUOTES = /[{}[\],]/;
/** Words that are not text without quotes. */
const RESERVED = new Set<unknown>(['true', 'false', 'null']);

const inBrackets = (value: unknown): string =>
  typeof value === 'string' && NEEDS_QUOTES.test(value) ? JSON.stringify(value) : toFlow(value);

/** Writes a value in one line of YAML. */
const toFlow = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(inBrackets).join(', ')}]`;
  const { data: map } = mapSchema.safeParse(value);
  if (map === undefined) return RESERVED.has(value) ? JSON.stringify(value) : String(value);
  const entries = Object.entries(map).map(([key, each]) => `${key}: ${inBrackets(each)}`);
  return `{ ${entries.join(', ')} }`;
};

/** The written words that are known, then the first known one. */
const fitting = (known: ReadonlySet<string>, written: unknown): string[] => {
  const words = [written].flat().filter((word) => typeof word === 'string');
  const [first] = known;
  return [...words.filter((word) => known.has(word)), ...(first === undefined ? [] : [first])];
};

/** A map of its required fields; none if one of them has no example. */
const mapExamples = (schema: z.ZodObject, { names }: Situation): unknown[] => {
  const required = Object.entries(schema.shape).filter(([, field]) => !z.safeParse(field, undefined).success);
  const entries = required.map(([key, field]) => [key, exampleOf(field, { names })] as const);
  const isComplete = entries.length > 0 && entries.every(([, example]) => example !== undefined);
  return isComplete ? [Object.fromEntries(entries)] : [];
};

/** Operators often write the discriminator alone, such as `orphans: delete`. */
const unionExamples = (schema: z.ZodUnion, situation: Situation): unknown[] => {
  const examples = schema.options.map((option) => exampleOf(option, situation));
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return examples;
  const { discriminator } = schema.def;
  const isWritten = (example: unknown): boolean =>
    mapSchema.safeParse(example).data?.[discriminator] === situation.written;
  return [...examples.filter(isWritten), ...ownExamples(schema), ...examples];
};

const ownExamples = (schema: z.ZodType): readonly unknown[] =>
  metaSchema.safeParse(z.globalRegistry.get(schema)).data?.examples ?? [];

/** Examples by the parts of a schema, the most fitting first. Some may be undefined. */
const partExamples = (schema: z.ZodType, situation: Situation): readonly unknown[] => {
  if (schema instanceof z.ZodLiteral) return [...schema.values];
  if (schema instanceof z.ZodEnum) return fitting(new Set(schema.options.map(String)), situation.written);
  if (schema instanceof z.ZodObject) return mapExamples(schema, situation);
  if (schema instanceof z.ZodUnion) return unionExamples(schema, situation);
  if (schema instanceof z.ZodPipe) return [exampleOf(schema.in, situation)];
  if (schema instanceof z.ZodArray) {
    const element = exampleOf(schema.element, situation);
    return element === undefined ? [] : [[element]];
  }
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapper ? [exampleOf(schema.unwrap(), situation)] : [];
};

/** The first example that the schema accepts; undefined if there is none. */
const exampleOf = (schema: unknown, situation: Situation): unknown => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { namesEntryOf: section } = hintOf(schema);
  const names = section === undefined ? [] : fitting(situation.names[section], situation.written);
  const own = schema instanceof z.ZodDiscriminatedUnion ? [] : ownExamples(schema);
  return [...names.flatMap((entry) => [entry, [entry]]), ...own, ...partExamples(schema, situation)].find(
    (example) => example !== undefined && schema.safeParse(example).success,
  );
};

/** Keys that need no quotes. */
const PLAIN_KEY = /^[\w-]+$/;

/**
 * Returns an example of a schema as a line for a key, such as `stores: [aws]`, or without a key for an entry of a list.
 * Names are those of the configuration. Undefined if there is no example. Pure.
 */
export const exampleLine = (
  schema: unknown,
  key: PropertyKey | undefined,
  situation: Situation,
): string | undefined => {
  const example = exampleOf(schema, situation);
  if (example === undefined) return undefined;
  return typeof key === 'string' && PLAIN_KEY.test(key) ? `${key}: ${toFlow(example)}` : toFlow(example);
};

import type * as z from 'zod';

/**
 * Validates data from other systems against a schema. Messages about files that people write are in
 * `shared/config/issues.ts`.
 */

/**
 * Parsed data, or a description of the first mismatch, such as `expected a JSON string, found a JSON object at
 * "rows.7.Name"`.
 */
export type Fitted<T> = { readonly fits: true; readonly data: T } | { readonly fits: false; readonly misfit: string };

const WORDS: ReadonlyMap<string, string> = new Map([
  ['string', 'a JSON string'],
  ['number', 'a JSON number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a JSON array'],
  ['tuple', 'a JSON array'],
  ['object', 'a JSON object'],
  ['record', 'a JSON object'],
]);

const wordOf = (type: string): string => WORDS.get(type) ?? 'another type';

const inputWord = (input: unknown): string => {
  if (input === null) return 'null';
  return wordOf(Array.isArray(input) ? 'array' : typeof input);
};

const expectedInstead = (type: string, input: unknown): string => {
  const expected = wordOf(type);
  if (input === undefined) return `${expected} is missing`;
  const found = inputWord(input);
  return `expected ${expected}, found ${found === expected ? 'another value' : found}`;
};

const oneOf = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(' or ');

const MEASURES: ReadonlyMap<string, readonly [one: string, more: string]> = new Map([
  ['string', ['character', 'characters']],
  ['array', ['entry', 'entries']],
]);

const outOfBounds = (origin: string, bound: string, limit: number | bigint): string => {
  const [one, more] = MEASURES.get(origin) ?? ['', ''];
  return `expected ${bound} ${limit} ${limit === 1 ? one : more}`.trimEnd();
};

/** Texts that contain nothing of the input except its type, and none of zod's own wording. */
const inWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return expectedInstead(issue.expected, issue.input);
    case 'invalid_value':
      return issue.input === undefined
        ? `${oneOf(issue.values)} is missing`
        : `expected ${oneOf(issue.values)}, found another value`;
    case 'too_small':
      return outOfBounds(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return outOfBounds(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return 'expected text in another format';
    case 'unrecognized_keys':
      return 'found unknown fields';
    case 'invalid_union':
      return 'expected a known variant';
    default:
      return 'expected another value';
  }
};

/**
 * First issue of the best-matching alternative of a union: the one that accepts the type of the value and has the
 * fewest issues.
 */
const nearest = (alternatives: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue | undefined =>
  alternatives
    .filter((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .toSorted((one, other) => one.length - other.length)[0]?.[0];

const describe = ({ message, ...issue }: z.core.$ZodIssue, base: readonly PropertyKey[]): string => {
  const path = [...base, ...issue.path];
  const meant = issue.code === 'invalid_union' ? nearest(issue.errors) : undefined;
  if (meant !== undefined) return describe(meant, path);
  return path.length === 0 ? message : `${message} at ${JSON.stringify(path.map(String).join('.'))}`;
};

/**
 * Parses a value with a schema. Pure; never throws. A mismatch is described by its path and type, never by its value.
 * Only the first is reported, because an unknown shape causes many mismatches.
 */
export const fit = <S extends z.ZodType>(schema: S, value: unknown): Fitted<z.output<S>> => {
  const { data, error, success } = schema.safeParse(value, { error: inWords });
  if (success) return { fits: true, data };
  const [first] = error.issues;
  return { fits: false, misfit: first === undefined ? 'expected another value' : describe(first, []) };
};

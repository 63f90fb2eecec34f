import * as z from 'zod';
import { exampleLine } from '#shared/config/examples.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';

/**
 * Translates zod issues into problems in the relay's own words. No message repeats a value: a credential pasted into
 * the wrong field must not get into a log.
 */

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
]);

const typeWord = (type: string): string => TYPE_WORDS.get(type) ?? 'another type';

const describeInput = (input: unknown): string => {
  if (typeof input === 'number' && !Number.isFinite(input)) return '.nan or .inf';
  if (Array.isArray(input)) return 'a list';
  return typeWord(typeof input);
};

type RawTypeIssue = Extract<z.core.$ZodRawIssue, { code: 'invalid_type' }>;

const oneOf = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(', ');

const notOneOf = (input: unknown, values: readonly unknown[]): string => {
  if (input === undefined) return `is missing; write ${values.length === 1 ? '' : 'one of '}${oneOf(values)}`;
  const words = values.filter((value) => typeof value === 'string');
  if (typeof input === 'string' && words.length > 0) {
    const number = /^\d+$/.test(input) ? ', or a number without quotes' : '';
    return `is not known; ${suggest(input, words)}${number}`;
  }
  return `must be ${values.length === 1 ? '' : 'one of '}${oneOf(values)}`;
};

const outOfBounds = (issue: { origin: string }, bound: string, limit: number | bigint): string => {
  if (issue.origin === 'string') {
    return bound === 'at least' ? 'is empty; add a value or remove the key' : `must have ${bound} ${limit} characters`;
  }
  if (issue.origin === 'array') return `must have ${bound} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `must be ${bound} ${limit}`;
};

/** For an unknown key the "message" is the list of the known keys, because zod exposes them only here. */
const LIST_SEPARATOR = ' ';
const knownKeys = (schema: unknown): string =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape).join(LIST_SEPARATOR) : '';

const discriminatorOf = (input: unknown, discriminator: string): unknown =>
  z.record(z.string(), z.unknown()).safeParse(input).data?.[discriminator];

/** Advice for a value of the wrong type whose schema has no example. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['string', 'put it in quotes'],
  ['number', 'write digits without quotes, such as 5'],
  ['int', 'write digits only, such as 5'],
  ['boolean', 'write true or false'],
  ['array', 'put it in brackets, such as [first, second]'],
  ['object', 'write pairs of key: value'],
  ['record', 'write pairs of name: value'],
]);

/** Single values can be put in quotes, but a list or a map cannot. */
const adviceFor = (expected: string, input: unknown): string =>
  expected === 'string' && typeof input === 'object' ? 'write one text' : (ADVICE.get(expected) ?? 'use another value');

const wrongType = ({ expected, input, inst, path }: RawTypeIssue): string => {
  const example = exampleLine(inst, path?.at(-1));
  const word = typeWord(expected);
  if (input === undefined) return example === undefined ? `is missing; add it (${word})` : `is missing; add ${example}`;
  if (input === null) return example === undefined ? `is empty; write ${word} here` : `is empty; write ${example}`;
  const fix = example === undefined ? adviceFor(expected, input) : `write it as in ${example}`;
  return `must be ${word}, not ${describeInput(input)}; ${fix}`;
};

/** Messages for issues that have none in the schema. */
const inWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue);
    case 'invalid_value':
      return notOneOf(issue.input, issue.values);
    case 'invalid_union':
      return Array.isArray(issue.options)
        ? notOneOf(discriminatorOf(issue.input, issue.discriminator ?? ''), issue.options)
        : 'use another value';
    case 'too_small':
      return outOfBounds(issue, 'at least', issue.minimum);
    case 'too_big':
      return outOfBounds(issue, 'at most', issue.maximum);
    case 'unrecognized_keys':
      return knownKeys(issue.inst);
    case 'invalid_format':
      return 'use another format';
    default:
      return 'use another value';
  }
};

const toPath = (path: readonly PropertyKey[]): (string | number)[] =>
  path.map((key) => (typeof key === 'number' ? key : String(key)));

/**
 * Alternative of a union that the author probably meant: the one with the fewest issues among those of the right type.
 */
const meantAlternative = (alternatives: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] | undefined =>
  alternatives
    .filter((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .toSorted((one, other) => one.length - other.length)[0];

/** Keys that an operator could expect but that cannot be supported. No other key is suggested for them. */
const IMPOSSIBLE_KEYS: readonly [key: RegExp, message: string][] = [
  [
    /psrun/i,
    "is not supported: the algorithm of the PSRUN signature is not public. Use an API registration that does not verify it, and restrict that registration to the relay's address and a client certificate",
  ],
];

const unknownKey = (key: string, known: readonly string[]): string =>
  IMPOSSIBLE_KEYS.find(([pattern]) => pattern.test(key))?.[1] ?? `is not a known key; ${suggest(key, known)}`;

const toProblems = (issue: z.core.$ZodIssue, base: readonly (string | number)[]): Problem[] => {
  const path = [...base, ...toPath(issue.path)];
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(LIST_SEPARATOR);
    return issue.keys.map((key) => ({
      path: [...path, key],
      atKey: true,
      message: unknownKey(key, known),
    }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.flatMap((inner) => toProblems(inner, path)).map((problem) => ({ ...problem, atKey: true }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const meant = meantAlternative(issue.errors);
    return meant === undefined
      ? [{ path, message: `must be ${issue.errors.map(expectedType).join(' or ')}` }]
      : meant.flatMap((inner) => toProblems(inner, path));
  }
  const isFromSchema = issue.code === 'invalid_format' || issue.code === 'custom';
  return [{ path, message: isFromSchema ? `is not valid; ${issue.message}` : issue.message }];
};

const expectedType = (issues: readonly z.core.$ZodIssue[]): string =>
  issues.map((issue) => (issue.code === 'invalid_type' ? typeWord(issue.expected) : issue.message)).join(', ');

/** Parses a value with a schema. Returns the data or all problems. Never throws. */
export const parseShape = <S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly data: z.output<S> | undefined; readonly problems: readonly Problem[] } => {
  const { data, error } = schema.safeParse(value, { error: inWords });
  return { data, problems: error?.issues.flatMap((issue) => toProblems(issue, [])) ?? [] };
};

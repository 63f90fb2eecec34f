import * as z from 'zod';
import { type EntryNames, entryNamesIn, exampleLine } from '#shared/config/examples.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import { findUnknown, keepShape, type UnknownKeys } from '#shared/config/unknown-keys.ts';

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

type RawIssue<Code> = Extract<z.core.$ZodRawIssue, { code: Code }>;

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

const discriminatorOf = (input: unknown, discriminator: string): unknown =>
  z.record(z.string(), z.unknown()).safeParse(input).data?.[discriminator];

/** A shape whose discriminator has a default is also found without one. */
const wrongDiscriminator = ({ input, discriminator = '' }: RawIssue<'invalid_union'>, options: unknown[]): string =>
  notOneOf(
    discriminatorOf(input, discriminator),
    options.filter((option) => option !== undefined),
  );

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

const wrongType = ({ expected, input }: RawIssue<'invalid_type'>, example: string | undefined): string => {
  const word = typeWord(expected);
  if (input === undefined) return example === undefined ? `is missing; add it (${word})` : `is missing; add ${example}`;
  if (input === null) return example === undefined ? `is empty; write ${word} here` : `is empty; write ${example}`;
  const fix = example === undefined ? adviceFor(expected, input) : `write it as in ${example}`;
  return `must be ${word}, not ${describeInput(input)}; ${fix}`;
};

const expectedType = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') return typeWord(issue.expected);
  return issue.code === 'invalid_value' ? oneOf(issue.values) : issue.message;
};

/** For a value that has the type of no alternative. */
const wrongUnion = ({ errors, input }: RawIssue<'invalid_union'>, example: string | undefined): string => {
  const words = new Set(errors.map((issues) => issues.map(expectedType).join(', ')));
  const expected = [...words].join(' or ');
  if (example === undefined) return `must be ${expected}`;
  if (input === undefined) return `is missing; add ${example}`;
  return input === null ? `is empty; write ${example}` : `must be ${expected}; write it as in ${example}`;
};

/** Messages for issues that have none in the schema. */
const inWords =
  (names: EntryNames): z.core.$ZodErrorMap =>
  (issue) => {
    const example = () => exampleLine(issue.inst, issue.path?.at(-1), { names, written: issue.input });
    switch (issue.code) {
      case 'invalid_type':
        return wrongType(issue, example());
      case 'invalid_value':
        return notOneOf(issue.input, issue.values);
      case 'invalid_union':
        return Array.isArray(issue.options) ? wrongDiscriminator(issue, issue.options) : wrongUnion(issue, example());
      case 'too_small':
        return outOfBounds(issue, 'at least', issue.minimum);
      case 'too_big':
        return outOfBounds(issue, 'at most', issue.maximum);
      case 'unrecognized_keys':
        keepShape(issue);
        return 'is not a known key';
      case 'invalid_format':
        return 'use another format';
      case 'custom':
        return 'is not valid; use another value';
      default:
        return 'use another value';
    }
  };

const toPath = (path: readonly PropertyKey[]): (string | number)[] =>
  path.map((key) => (typeof key === 'number' ? key : String(key)));

const hasOtherType = (issue: z.core.$ZodIssue): boolean =>
  issue.path.length === 0 &&
  (issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof issue.input !== 'string'));

type Path = readonly (string | number)[];

/**
 * Problems of the alternative of a union that the author probably meant: the one with the fewest among those of the
 * right type.
 */
const meantProblems = (
  alternatives: readonly z.core.$ZodIssue[][],
  path: Path,
  names: EntryNames,
): readonly Problem[] | undefined =>
  alternatives
    .filter((issues) => !issues.some(hasOtherType))
    .map((issues) => problemsIn(issues, path, names))
    .toSorted((one, other) => one.length - other.length)[0];

/** Keys of a map that are valid alone, each in another alternative of a union; undefined if anything else is wrong. */
const exclusiveKeys = (alternatives: readonly z.core.$ZodIssue[][]): [string, string] | undefined => {
  const [[one, ...more] = [], [other, ...others] = [], ...further] = alternatives;
  if (one === undefined || other === undefined || more.length + others.length + further.length > 0) return undefined;
  if (!isUnknownKeys(one) || !isUnknownKeys(other)) return undefined;
  const [key, ...keys] = one.keys;
  const [otherKey, ...otherKeys] = other.keys;
  if (key === undefined || otherKey === undefined || key === otherKey) return undefined;
  return keys.length + otherKeys.length > 0 ? undefined : [key, otherKey];
};

const toProblems = (issue: z.core.$ZodIssue, base: Path, names: EntryNames): Problem[] => {
  const path = [...base, ...toPath(issue.path)];
  if (issue.code === 'invalid_key') {
    return problemsIn(issue.issues, path, names).map((problem) => ({ ...problem, atKey: true }));
  }
  if (issue.code === 'invalid_union') {
    const exclusive = exclusiveKeys(issue.errors);
    if (exclusive !== undefined) {
      const [key, other] = exclusive;
      return [{ path: [...path, key], atKey: true, message: `does not go with "${other}"; remove one of the two` }];
    }
    const meant = meantProblems(issue.errors, path, names);
    if (meant !== undefined) return [...meant];
  }
  // A format is described by its rule alone. Every other message says what is wrong.
  return [{ path, message: issue.code === 'invalid_format' ? `is not valid; ${issue.message}` : issue.message }];
};

const isUnknownKeys = (issue: z.core.$ZodIssue): issue is UnknownKeys => issue.code === 'unrecognized_keys';

/** A setting under a wrong name is one problem: it is not reported as missing as well. */
const problemsIn = (issues: readonly z.core.$ZodIssue[], base: Path, names: EntryNames): Problem[] => {
  const unknown = issues.filter(isUnknownKeys).flatMap((issue) => findUnknown(issue, names));
  const renamed = new Set(unknown.map(({ replaces }) => JSON.stringify(replaces)));
  return [
    ...unknown.map(({ path, message }) => ({ path: [...base, ...toPath(path)], atKey: true, message })),
    ...issues
      .filter((issue) => !isUnknownKeys(issue) && !renamed.has(JSON.stringify(issue.path)))
      .flatMap((issue) => toProblems(issue, base, names)),
  ];
};

/** Parses a value with a schema. Returns the data or all problems. Never throws. */
export const parseShape = <S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly data: z.output<S> | undefined; readonly problems: readonly Problem[] } => {
  const names = entryNamesIn(value);
  const { data, error } = schema.safeParse(value, { error: inWords(names), reportInput: true });
  return { data, problems: problemsIn(error?.issues ?? [], [], names) };
};

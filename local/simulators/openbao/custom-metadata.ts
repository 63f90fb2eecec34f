import { collected, Refusal } from './replies.ts';

/** Source: OpenBao, KV version 2, `custom_metadata`. */
const MAX_KEYS = 64;
const MAX_KEY_BYTES = 128;
const MAX_VALUE_BYTES = 512;

const FAILED = 'custom_metadata validation failed';

/**
 * Checks the custom metadata of one request. The limit on the number of keys holds for the request, so that patches can
 * exceed it together. A `null` in a patch removes a key.
 */
export const checkCustomMetadata = (given: Readonly<Record<string, unknown>>): Map<string, string | null> => {
  const count = Object.keys(given).length;
  if (count > MAX_KEYS) {
    throw refused(`payload must contain at most ${MAX_KEYS} keys, provided ${count}`);
  }
  const entries = Object.entries(given).map(([key, value]) => [key, textOf(key, value)] as const);
  const problems = entries.flatMap(([key, value]) => problemsOf(key, value));
  if (problems.length > 0) throw refused(...problems);
  return new Map(entries);
};

const textOf = (key: string, value: unknown): string | null => {
  if (value === null || typeof value === 'string') return value;
  const type = typeof value === 'boolean' ? 'bool' : typeof value;
  const problem = `json: cannot unmarshal ${type} into Go struct field .custom_metadata.${key} of type string`;
  throw new Refusal(collected(500, problem));
};

const problemsOf = (key: string, value: string | null): string[] => [
  ...lengthProblem(`key ${JSON.stringify(key)}`, 'key', key, MAX_KEY_BYTES),
  ...(isPrintable(key) ? [] : [`key ${JSON.stringify(key)} contains unprintable characters`]),
  ...(value === null ? [] : lengthProblem(`value for key ${JSON.stringify(key)}`, 'value', value, MAX_VALUE_BYTES)),
  ...(value === null || isPrintable(value)
    ? []
    : [`value for key ${JSON.stringify(key)} contains unprintable characters`]),
];

const lengthProblem = (what: string, kind: string, text: string, max: number): string[] => {
  const bytes = Buffer.byteLength(text);
  return bytes > 0 && bytes <= max ? [] : [`length of ${what} is ${bytes} but must be 0 < len(${kind}) <= ${max}`];
};

const isPrintable = (text: string): boolean => !/\p{C}/u.test(text);

const refused = (...problems: readonly string[]) =>
  new Refusal(collected(400, ...problems.map((problem) => `${FAILED}: ${problem}`)));

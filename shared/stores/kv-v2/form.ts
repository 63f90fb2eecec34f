import { isExact } from '#shared/domain/decimal.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';

/**
 * Form of a value in KV, which keeps a map. A value that is a JSON object becomes the map, so that its keys are the
 * keys of the secret. Any other text has one key.
 */
const TEXT_KEY = 'value';

/** Source: "Limits and maximums" of Vault, JSON nesting depth: 500. The map is within the body of the call. */
const MAX_DEPTH = 400;

/** Reason why KV cannot hold a value. */
export type Misfit = 'bytes' | 'empty' | 'not-unicode' | 'inexact-number' | 'too-deep';

/** The map as JSON with sorted keys, or the reason why there is none. */
export type Form = { readonly fits: true; readonly json: Secret } | { readonly fits: false; readonly misfit: Misfit };

class Inexact extends Error {}

/** The server reads a number as a double, and would change one that has more digits. */
const refuseInexact = (_key: string, value: unknown, written?: { readonly source?: string }): unknown => {
  if (typeof value === 'number' && !isExact(value, written?.source ?? String(value))) throw new Inexact();
  return value;
};

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses a JSON object. Undefined for any other text. */
const parseMap = (text: string): Readonly<Record<string, unknown>> | undefined => {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text, refuseInexact);
    return isMap(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof Inexact) throw error;
    return undefined;
  }
};

class TooDeep extends Error {}

/** JSON can spell half of a surrogate pair, which the server would replace by another character. */
class NotUnicode extends Error {}

/**
 * JSON that is equal for equal values, whatever the order of keys and the notation of numbers. Raises `TooDeep` and
 * `NotUnicode`.
 */
const canonical = (value: unknown, depth = 0): string => {
  if (depth > MAX_DEPTH) throw new TooDeep();
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (typeof value === 'string' && !value.isWellFormed()) throw new NotUnicode();
  if (!isMap(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${canonical(key)}:${canonical(value[key], depth + 1)}`);
  return `{${entries.join(',')}}`;
};

/** Returns the form of a value. Pure. */
export const formOf = (value: Secret<SecretContent>): Form => {
  const content = value.reveal();
  if (typeof content !== 'string') return { fits: false, misfit: 'bytes' };
  if (content === '') return { fits: false, misfit: 'empty' };
  if (!content.isWellFormed()) return { fits: false, misfit: 'not-unicode' };
  try {
    return { fits: true, json: new Secret(canonical(parseMap(content) ?? { [TEXT_KEY]: content })) };
  } catch (error) {
    if (error instanceof Inexact) return { fits: false, misfit: 'inexact-number' };
    if (error instanceof NotUnicode) return { fits: false, misfit: 'not-unicode' };
    if (error instanceof TooDeep || error instanceof RangeError) return { fits: false, misfit: 'too-deep' };
    throw error;
  }
};

/** Returns the map that a server answered in the same form; undefined if no delivery can be equal to it. Pure. */
export const formOfData = (data: unknown): Secret | undefined => {
  try {
    return isMap(data) ? new Secret(canonical(data)) : undefined;
  } catch (error) {
    if (error instanceof TooDeep || error instanceof NotUnicode || error instanceof RangeError) return undefined;
    throw error;
  }
};

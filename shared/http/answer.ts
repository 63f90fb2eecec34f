import type * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import type { AnswerHeaders } from '#shared/http/exchange.ts';
import { fit } from '#shared/json-shape.ts';

/** A complete answer of any status. Its text can contain a credential and must not appear in an error or a log. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
  /** The bytes of the answer, for answers that are not text. */
  readonly bytes: Uint8Array;
  /** Time of its arrival by our clock, in epoch milliseconds. */
  readonly receivedAtMs: number;
}

/** The parts of a call that messages and decisions can use. Contains no header, query or body. */
export interface CallName {
  readonly connection: string;
  /** Method and path, such as `PUT Requests/7/Checkin`. */
  readonly name: string;
  readonly idempotent: boolean;
}

/** Converts a successful answer to a value, or throws `AnswerMalformed`. */
export type Reader<T> = (answer: Answer, call: CallName) => T;

const header = (answer: Answer, name: string): string | undefined => [answer.headers[name]].flat()[0];

/** The error for a successful answer that cannot be used. */
export const malformed = (call: CallName, what: string): RelayError =>
  new RelayError(
    'AnswerMalformed',
    `${call.connection}: the answer to ${call.name} ${what}. Check that the url in relay.yaml is the address of the API itself, and that no proxy or login page intercepts the call. If both are correct, the server uses an API version that the relay does not support.`,
    { mayHaveHappened: !call.idempotent },
  );

/**
 * True if the content type names a charset that JSON does not use. Decoding it as UTF-8 could change text unnoticed.
 */
const isForeignCharset = (contentType: string): boolean => {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([\w-]+)/i.exec(contentType) ?? [];
  return !['utf-8', 'utf8', 'us-ascii'].includes(charset.toLowerCase());
};

const parseJson = (answer: Answer, call: CallName): unknown => {
  const contentType = header(answer, 'content-type') ?? 'application/json';
  if (!/\bjson\b/i.test(contentType)) throw malformed(call, 'is not JSON according to its content type');
  if (isForeignCharset(contentType)) throw malformed(call, 'is not UTF-8 according to its content type');
  try {
    return JSON.parse(answer.text);
  } catch {
    // The parser's own message quotes the text, so it is not kept as the cause.
    throw malformed(call, 'is not valid JSON');
  }
};

/** Reads JSON of a given shape. A mismatch is described by its path and type, never by its value. */
export const json =
  <T>(schema: z.ZodType<T>): Reader<T> =>
  (answer, call) => {
    const fitted = fit(schema, parseJson(answer, call));
    if (fitted.fits) return fitted.data;
    throw malformed(call, `has an unknown shape (${fitted.misfit})`);
  };

/** Reads the bytes of a file. An answer of another content type (a login page, an error) does not come from the API. */
export const file: Reader<Uint8Array> = (answer, call) => {
  const contentType = header(answer, 'content-type') ?? '';
  if (!/^application\/octet-stream\b/i.test(contentType))
    throw malformed(call, 'is not a file according to its content type');
  if (answer.bytes.length === 0) throw malformed(call, 'is empty');
  return answer.bytes;
};

/** True for a page of a web server or a proxy. No API that the relay calls answers with one. */
export const isPage = ({ text }: Answer): boolean => /^\s*</.test(text);

/** Ignores an answer without relevant content. A page means that the call did not reach the API. */
export const nothing: Reader<undefined> = (answer, call) => {
  if (isPage(answer)) throw malformed(call, 'is an HTML page');
  return undefined;
};

/** Parses an HTTP date to epoch milliseconds. `Date.parse` alone would accept `-1` as a year. */
const parseHttpDate = (text = ''): number | undefined =>
  / GMT$/.test(text) ? Date.parse(text) || undefined : undefined;

/**
 * Accepts an empty answer, and JSON of any shape, where a success must be certain. Anything else comes from a proxy,
 * and the call may not have reached the API.
 */
export const emptyOrJson: Reader<undefined> = (answer, call) => {
  if (answer.text.trim() !== '') parseJson(answer, call);
  return undefined;
};

/** Time of the answer in epoch milliseconds, from its `Date` header; undefined if it has none. */
export const answeredAtMs = (answer: Answer): number | undefined => parseHttpDate(header(answer, 'date'));

/**
 * Wait that the answer asks for in its `Retry-After` header, in milliseconds. The header contains seconds, or a date,
 * which is compared with the server's own clock if the answer shows it. Undefined if the header is missing or
 * unreadable.
 */
export const retryAfterMs = (answer: Answer): number | undefined => {
  const text = header(answer, 'retry-after')?.trim();
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - (answeredAtMs(answer) ?? answer.receivedAtMs));
};

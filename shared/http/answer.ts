import type * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import type { AnswerHeaders } from '#shared/http/exchange.ts';
import { fit } from '#shared/json-shape.ts';

/** A complete answer, whatever its status. Its text may hold a credential: it goes into no error and no log. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
  /** The same as it came over the wire, which is what counts of an answer that is no text. */
  readonly bytes: Uint8Array;
  /** When it arrived, epoch milliseconds by our clock. */
  readonly receivedAtMs: number;
}

/** What messages and decisions may know of a call: no header, no query, no body. */
export interface CallName {
  readonly connection: string;
  /** Method and path, such as `PUT Requests/7/Checkin`. */
  readonly name: string;
  readonly idempotent: boolean;
}

/** Makes a value of a successful answer, or throws `AnswerMalformed`. */
export type Reader<T> = (answer: Answer, call: CallName) => T;

const header = (answer: Answer, name: string): string | undefined => [answer.headers[name]].flat()[0];

/** The error for an answer that says success but cannot be used. */
export const malformed = (call: CallName, what: string): RelayError =>
  new RelayError(
    'AnswerMalformed',
    `${call.connection}: the answer to ${call.name} ${what}. Check that the url in relay.yaml is that of the API itself, and that no proxy or login page stands in between; if so, the vault speaks a version that the relay does not know.`,
    { mayHaveHappened: !call.idempotent },
  );

/** Whether a charset is named that is not the one of JSON: read as UTF-8, some texts would become other ones unnoticed. */
const isForeignCharset = (contentType: string): boolean => {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([\w-]+)/i.exec(contentType) ?? [];
  return !['utf-8', 'utf8', 'us-ascii'].includes(charset.toLowerCase());
};

const parseJson = (answer: Answer, call: CallName): unknown => {
  const contentType = header(answer, 'content-type') ?? 'application/json';
  if (!/\bjson\b/i.test(contentType)) throw malformed(call, 'is not JSON by its type');
  if (isForeignCharset(contentType)) throw malformed(call, 'is not UTF-8 by its type');
  try {
    return JSON.parse(answer.text);
  } catch {
    // The parser's own message quotes the text, so it is not kept as the cause.
    throw malformed(call, 'is not valid JSON');
  }
};

/** Reads JSON of a given shape. What does not fit is named by its path and kind, never by its value. */
export const json =
  <T>(schema: z.ZodType<T>): Reader<T> =>
  (answer, call) => {
    const fitted = fit(schema, parseJson(answer, call));
    if (fitted.fits) return fitted.data;
    throw malformed(call, `has an unknown shape (${fitted.misfit})`);
  };

/** The bytes of a file. Whatever is not sent as one (a login page, an error) comes from somebody else than the API. */
export const file: Reader<Uint8Array> = (answer, call) => {
  const contentType = header(answer, 'content-type') ?? '';
  if (!/^application\/octet-stream\b/i.test(contentType)) throw malformed(call, 'is no file by its type');
  if (answer.bytes.length === 0) throw malformed(call, 'is empty');
  return answer.bytes;
};

/** A page of a web server or a proxy: no API of ours answers with one. */
export const isPage = ({ text }: Answer): boolean => /^\s*</.test(text);

/** For calls whose answer has no content, or none that matters. A page comes from somebody who did not do the call. */
export const nothing: Reader<undefined> = (answer, call) => {
  if (isPage(answer)) throw malformed(call, 'is a page of HTML');
  return undefined;
};

/** An HTTP date as epoch milliseconds; `Date.parse` alone would take a `-1` for a year. */
const parseHttpDate = (text = ''): number | undefined =>
  / GMT$/.test(text) ? Date.parse(text) || undefined : undefined;

/** The answer's own time, epoch milliseconds, from its `Date` header; undefined when it has none. */
export const answeredAtMs = (answer: Answer): number | undefined => parseHttpDate(header(answer, 'date'));

/**
 * How long the answer asks to wait, in milliseconds, by its `Retry-After` header: seconds, or a date, which is compared
 * with the server's own clock where the answer shows it. Undefined when it does not say, or says it unreadably.
 */
export const retryAfterMs = (answer: Answer): number | undefined => {
  const text = header(answer, 'retry-after')?.trim();
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - (answeredAtMs(answer) ?? answer.receivedAtMs));
};

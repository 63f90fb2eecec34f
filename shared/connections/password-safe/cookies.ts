import { parseSetCookie, stringifyCookie } from 'cookie';
import type { AnswerHeaders } from '#shared/http/exchange.ts';
import { Secret } from '#shared/secret.ts';

// The values are the server's business: they go back exactly as they came.
const verbatim = (value: string): string => value;

/**
 * The cookies of answers as one `Cookie` header, all of them: the session's own, and those of load balancers; of one that
 * was set again, the latest. The vault answers 401 to several `Cookie` lines and to repeated attributes. Undefined when
 * there are none.
 */
export const cookieHeader = (...answers: readonly AnswerHeaders[]): Secret | undefined => {
  const lines = answers.flatMap((headers) => headers['set-cookie'] ?? []);
  const cookies = lines.map((line) => parseSetCookie(line, { decode: verbatim }));
  if (cookies.length === 0) return undefined;
  const pairs = Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  return new Secret(stringifyCookie(pairs, { encode: verbatim }));
};

import { parseSetCookie, stringifyCookie } from 'cookie';
import type { AnswerHeaders } from '#shared/http/exchange.ts';
import { Secret } from '#shared/secret.ts';

// Cookie values return to the server unchanged.
const verbatim = (value: string): string => value;

/**
 * Combines the cookies of the answers into one `Cookie` header, including those of load balancers; the latest value of
 * each cookie applies. The vault answers 401 to several `Cookie` lines and to repeated attributes. Undefined if there
 * are no cookies.
 */
export const cookieHeader = (...answers: readonly AnswerHeaders[]): Secret | undefined => {
  const lines = answers.flatMap((headers) => headers['set-cookie'] ?? []);
  const cookies = lines.map((line) => parseSetCookie(line, { decode: verbatim }));
  if (cookies.length === 0) return undefined;
  const pairs = Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  return new Secret(stringifyCookie(pairs, { encode: verbatim }));
};

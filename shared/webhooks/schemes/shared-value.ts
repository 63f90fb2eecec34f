import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '#shared/secret.ts';
import { type Rejection, rejected, type Scheme, verified } from '#shared/webhooks/scheme.ts';

/**
 * Schemes of senders that cannot sign: the request carries the key itself, and nothing of it is signed. The
 * configuration allows them only behind mutual TLS. Source: tickets-and-rotation.md 1 and 5.
 */

const MIN_KEY_CHARACTERS = 16;

/** Visible ASCII and inner spaces. A comma would make two joined headers look like one. */
const HEADER_KEY = /^[!-+\--~][ !-+\--~]{14,1022}[!-+\--~]$/;
/** ASCII alone, because senders encode other characters in different ways. Source: RFC 7617, section 2.1. */
const BASIC_KEY = /^[!-9;-~]{1,256}:[ -~]{16,1024}$/;
/** The name of the scheme is not case-sensitive. Source: RFC 7617, section 2. */
const BASIC = /^basic ([A-Za-z0-9+/]+={0,2})$/i;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, so that the time depends neither on the length of a key nor on where it differs. */
const isOneOf = (sent: string, keys: readonly string[]): boolean => {
  const wanted = digest(sent);
  return keys.filter((key) => timingSafeEqual(digest(key), wanted)).length > 0;
};

const compare = (sent: string | undefined, keys: readonly string[], otherwise: Rejection) => {
  if (sent === undefined) return rejected(otherwise);
  return isOneOf(sent, keys) ? verified() : rejected('mismatch');
};

/** A shared value in a header. Repeated headers, which API Gateway joins by a comma, are refused. */
export const sharedHeader = (header: string): Scheme => ({
  keyProblem: (key) =>
    HEADER_KEY.test(key.reveal())
      ? undefined
      : `use ${MIN_KEY_CHARACTERS} to 1024 visible ASCII characters, without a comma and without spaces at the ends`,
  verify({ headers }, keys) {
    const sent = headers[header];
    if (sent === undefined) return rejected('missing');
    const usable = keys.map((key) => key.reveal()).filter((key) => HEADER_KEY.test(key));
    return compare(HEADER_KEY.test(sent) ? sent : undefined, usable, 'malformed');
  },
});

/** Token that a sender with this user and password writes. Its only canonical spelling. */
const tokenOf = (key: Secret): string => Buffer.from(key.reveal()).toString('base64');

/** HTTP Basic authentication. A key is the user, a colon and the password. */
export const basic: Scheme = {
  keyProblem: (key) =>
    BASIC_KEY.test(key.reveal())
      ? undefined
      : `use user:password in ASCII, with a password of at least ${MIN_KEY_CHARACTERS} characters`,
  verify({ headers }, keys) {
    const { authorization } = headers;
    if (authorization === undefined) return rejected('missing');
    const usable = keys.filter((key) => BASIC_KEY.test(key.reveal())).map(tokenOf);
    return compare(BASIC.exec(authorization)?.[1], usable, 'malformed');
  },
};

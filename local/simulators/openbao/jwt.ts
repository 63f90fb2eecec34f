import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Fields, isFields } from './calls.ts';

/** Tolerated difference between the clocks. Source: OpenBao, JWT auth, `clock_skew_leeway`, `expiration_leeway`. */
const CLOCK_LEEWAY_SECONDS = 60;
const EXPIRATION_LEEWAY_SECONDS = 150;

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

/** The algorithms that AWS signs with. The simulator verifies no others. */
const VERIFIED: Readonly<Record<string, string>> = { RS256: 'sha256', ES384: 'sha384' };

/** A key of an issuer. Keys without an id can have signed any token. */
export interface IssuerKey {
  readonly id: string | undefined;
  readonly key: KeyObject;
}

/** Problem of a token, in the server's words. */
export class TokenProblem extends Error {}

const SIGNATURE = 'error verifying token signature';

interface Parsed {
  readonly claims: Fields;
  readonly isSignedBy: (keys: readonly IssuerKey[]) => boolean;
}

/** Parses a token in compact form. Throws a TokenProblem. */
export const parseJwt = (token: string): Parsed => {
  const parts = token.split('.');
  const [head = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) {
    throw malformed('go-jose/go-jose: compact JWS format must have three parts');
  }
  const { alg, kid } = decoded(head);
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) {
    const expected = ALGORITHMS.map((name) => `"${name}"`).join(' ');
    throw malformed(`unexpected signature algorithm "${alg}"; expected [${expected}]`);
  }
  const isSignedBy = (keys: readonly IssuerKey[]): boolean =>
    keys
      .filter(({ id }) => id === undefined || kid === undefined || id === kid)
      .some(({ key }) => isSignature(alg, key, `${head}.${payload}`, Buffer.from(signature, 'base64url')));
  return { claims: decoded(payload), isSignedBy };
};

const malformed = (problem: string) => new TokenProblem(`${SIGNATURE}: oidc: malformed jwt: ${problem}`);

export const notVerified = () => new TokenProblem(`${SIGNATURE}: failed to verify id token signature`);

const decoded = (part: string): Fields => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (isFields(value)) return value;
  } catch {
    // Not JSON: reported below.
  }
  throw malformed('illegal base64 data at input byte 0');
};

const isSignature = (algorithm: string, key: KeyObject, signed: string, signature: Buffer): boolean => {
  const digest = VERIFIED[algorithm];
  const isOfKey = algorithm.startsWith('ES') ? key.asymmetricKeyType === 'ec' : key.asymmetricKeyType === 'rsa';
  if (digest === undefined || !isOfKey) return false;
  return verify(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
};

/** Parses a JSON Web Key Set. Undefined if it is none. */
export const parseKeySet = (value: unknown): IssuerKey[] | undefined => {
  if (!isFields(value) || !Array.isArray(value['keys'])) return undefined;
  return value['keys'].filter(isFields).map((jwk) => ({
    id: typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined,
    key: createPublicKey({ key: { ...jwk }, format: 'jwk' }),
  }));
};

interface Expected {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Checks the registered claims. Throws a TokenProblem for the first that does not hold. `now` is in milliseconds. */
export const checkClaims = (claims: Fields, { issuer, subject, audiences }: Expected, now: number): void => {
  const { exp, iat, nbf } = timesIn(claims);
  if (exp === undefined && iat === undefined && nbf === undefined) {
    throw new TokenProblem('no issued at (iat), not before (nbf), or expiration time (exp) claims in token');
  }
  if (issuer !== '' && claims['iss'] !== issuer) throw new TokenProblem('invalid issuer (iss) claim');
  if (subject !== '' && claims['sub'] !== subject) throw new TokenProblem('invalid subject (sub) claim');
  if (audiences.length > 0 && !audiencesOf(claims).some((one) => audiences.includes(one))) {
    throw new TokenProblem('invalid audience (aud) claim: audience claim does not match any expected audience');
  }
  const seconds = now / 1000;
  const end = exp ?? Math.max(iat ?? 0, nbf ?? 0) + EXPIRATION_LEEWAY_SECONDS;
  if (seconds > end + CLOCK_LEEWAY_SECONDS) {
    throw new TokenProblem('invalid expiration time (exp) claim: token is expired');
  }
  if (seconds + CLOCK_LEEWAY_SECONDS < (nbf ?? iat ?? 0)) {
    throw new TokenProblem('invalid not before (nbf) claim: token not yet valid');
  }
};

export const audiencesOf = ({ aud }: Fields): readonly string[] => {
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) ? aud.map(String) : [];
};

const timesIn = (claims: Fields) => {
  const time = (name: string): number | undefined => {
    const value = claims[name];
    return typeof value === 'number' ? value : undefined;
  };
  return { exp: time('exp'), iat: time('iat'), nbf: time('nbf') };
};

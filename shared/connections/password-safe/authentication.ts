import { totpCode } from '#shared/connections/password-safe/totp.ts';
import { RelayError } from '#shared/errors.ts';
import type { RequestHeaders } from '#shared/http/request.ts';
import type { Secret } from '#shared/secret.ts';

/** Source of access tokens: a cache in front of {@link requestToken}. */
interface TokenSource {
  /** Returns a token that remains valid for a while. */
  get(): Promise<Secret>;
  /** Discards a token that the vault refused. */
  drop(token: Secret): Promise<void>;
}

/**
 * Answers a second-factor challenge: returns the sign-in headers with the answer.
 *
 * @param challengedAt Time of the challenge by the vault's clock, UTC ISO 8601; undefined uses the local clock.
 */
export type AnswerChallenge = (challengedAt: string | undefined) => Promise<RequestHeaders>;

/** Proof of identity for one sign-in and each call of its session. */
interface Factors {
  readonly headers: RequestHeaders;
  /** Advice for a refusal: what was sent and what to check. */
  readonly advice: string;
  /** Absent without a second factor. */
  readonly answer?: AnswerChallenge | undefined;
  /** Called after the vault refused the factors. */
  discard(): Promise<void>;
}

/** An authentication method. Each sign-in fetches its factors again, so it never uses an expired token. */
export interface Authenticator {
  factors(): Promise<Factors>;
}

/** Printable ASCII: header parsers read other characters as Latin-1 or as UTF-8. */
const PLAIN = /^[\x20-\x7e]*$/;

export interface OAuthOptions {
  readonly connection: string;
  readonly tokens: TokenSource;
  /** The user to impersonate. */
  readonly runAs?: string | undefined;
  /** True if the connection has a client certificate. */
  readonly showsCertificate?: boolean | undefined;
}

const certificateSent = (showsCertificate = false): string => (showsCertificate ? 'a' : 'no');

const COMMON_CHECKS =
  'the address rules of the API registration (IP and X-Forwarded-For); whether the registration requires a client certificate or the PSRUN signature, which the relay does not support; and the licence of the vault';

/** Signs in with an OAuth access token, as another user if `runAs` is set. */
export const oauthAuthenticator = ({ connection, tokens, runAs, showsCertificate }: OAuthOptions): Authenticator => {
  if (runAs !== undefined && !PLAIN.test(runAs)) {
    throw new RelayError(
      'ConfigurationInvalid',
      `${connection}: authentication.runAs contains characters that a header cannot carry. Use a user whose name is printable ASCII.`,
    );
  }
  const advice = `The relay sent an access token and ${certificateSent(showsCertificate)} client certificate. Check that the runAs user, if any, shares a group with the application user; ${COMMON_CHECKS}.`;
  return {
    factors: async () => {
      const token = await tokens.get();
      const authorization = token.map((value) => `Bearer ${value}`);
      const headers: RequestHeaders = runAs === undefined ? { authorization } : { authorization, runas: runAs };
      return { headers, advice, discard: async () => tokens.drop(token) };
    },
  };
};

export interface ApiKeyOptions {
  readonly connection: string;
  readonly apiKey: Secret;
  /** `local`, `DOMAIN\user` or a UPN. */
  readonly runAs: string;
  readonly password?: Secret | undefined;
  /** The seed of the user's second factor: base32, or an `otpauth://totp/` address. */
  readonly totpSeed?: Secret | undefined;
  /** True if the connection has a client certificate. */
  readonly showsCertificate?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Values that each field of the header can carry. Fields have no escaping (reference: 1.1): a field ends at `;`, and a
 * bracketed password ends at `]` before `;`. Servers differ in how they parse a password that contains `];` itself.
 */
const FIELD_RULES = {
  apiKey: [/^[^;]+$/, 'must be the key alone, without a semicolon'],
  runAs: [/^[^;]+$/, 'must not contain a semicolon'],
  password: [/^(?!.*\] *;)/, 'must not contain a closing bracket followed by a semicolon'],
} as const;

const checkField = (connection: string, field: keyof typeof FIELD_RULES, value: string): void => {
  const [allowed, rule] = FIELD_RULES[field];
  const problem = PLAIN.test(value) ? rule : 'must be printable ASCII, without line breaks';
  if (PLAIN.test(value) && allowed.test(value)) return;
  throw new RelayError(
    'BootstrapUnusable',
    `${connection}: ${field} in the bootstrap secret ${problem}, because the API key header cannot carry it. Change it in the vault and in the secret.`,
  );
};

/**
 * Builds the header `PS-Auth key=…; runas=…; pwd=[…]; challenge=…;`. Raises `BootstrapUnusable` for a value it cannot
 * carry.
 */
export const apiKeyHeader = (
  { connection, apiKey, runAs, password }: ApiKeyOptions,
  challengeAnswer?: Secret,
): Secret => {
  // PowerShell and JSON samples double the backslash, and users often copy both.
  const user = runAs.replace(/\\+/g, '\\');
  checkField(connection, 'apiKey', apiKey.reveal());
  checkField(connection, 'runAs', user);
  checkField(connection, 'password', password?.reveal() ?? '');
  const pwd = password === undefined ? '' : ` pwd=[${password.reveal()}];`;
  const challenge = challengeAnswer === undefined ? '' : ` challenge=${challengeAnswer.reveal()};`;
  return apiKey.map((key) => `PS-Auth key=${key}; runas=${user};${pwd}${challenge}`);
};

/** Signs in with an API key as the user `runAs`. */
export const apiKeyAuthenticator = (options: ApiKeyOptions): Authenticator => {
  const { password, totpSeed, showsCertificate, now = Date.now } = options;
  const headers = { authorization: apiKeyHeader(options) };
  const advice = `The relay sent an API key, ${password === undefined ? 'no' : 'a'} password and ${certificateSent(showsCertificate)} client certificate. Check whether the key was rotated; that the runAs user may use it and is neither locked nor quarantined; whether the registration requires the password of the user; ${COMMON_CHECKS}.`;
  const answer: AnswerChallenge | undefined =
    totpSeed &&
    (async (challengedAt) => {
      const atMs = challengedAt === undefined ? now() : Date.parse(challengedAt);
      return { authorization: apiKeyHeader(options, await totpCode(totpSeed, atMs)) };
    });
  return { factors: async () => ({ headers, advice, answer, discard: async () => {} }) };
};

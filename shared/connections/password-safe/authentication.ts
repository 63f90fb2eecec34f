import { totpCode } from '#shared/connections/password-safe/totp.ts';
import { RelayError } from '#shared/errors.ts';
import type { RequestHeaders } from '#shared/http/request.ts';
import type { Secret } from '#shared/secret.ts';

/** Where access tokens come from: a cache in front of {@link requestToken}. */
interface TokenSource {
  /** A token that is valid for a while yet. */
  get(): Promise<Secret>;
  /** Discards this token, which the vault refused. */
  drop(token: Secret): Promise<void>;
}

/**
 * Answers a challenge for a second factor: the headers of the sign-in with the answer in them.
 *
 * @param challengedAt The vault's time, UTC ISO 8601; our own clock counts when it did not say.
 */
export type AnswerChallenge = (challengedAt: string | undefined) => Promise<RequestHeaders>;

/** What one sign-in, and each call of the session after it, proves its identity with. */
interface Factors {
  readonly headers: RequestHeaders;
  /** What to look at when they are refused: what was sent, and what it depends on. */
  readonly advice: string;
  /** Left out when they hold no second factor. */
  readonly answer?: AnswerChallenge | undefined;
  /** To be called when the vault refused them. */
  discard(): Promise<void>;
}

/** A way to authenticate. Each sign-in asks for its factors anew, so that it never uses an expired token. */
export interface Authenticator {
  factors(): Promise<Factors>;
}

/** What every parser of a header agrees on: printable ASCII. Letters beyond are read as Latin-1 here, UTF-8 there. */
const PLAIN = /^[\x20-\x7e]*$/;

export interface OAuthOptions {
  readonly connection: string;
  readonly tokens: TokenSource;
  /** The user to impersonate. */
  readonly runAs?: string | undefined;
  /** Whether the connection has a client certificate to show. */
  readonly showsCertificate?: boolean | undefined;
}

const certificateSent = (showsCertificate = false): string => (showsCertificate ? 'a' : 'no');

const COMMON_CHECKS =
  'the rules of the API registration for addresses (IP and X-Forwarded-For), and whether it requires a client certificate, or the PSRUN signature, which the relay can not give; and the licence of the vault';

/** Signs in with an OAuth access token, as another user where `runAs` is set. */
export const oauthAuthenticator = ({ connection, tokens, runAs, showsCertificate }: OAuthOptions): Authenticator => {
  if (runAs !== undefined && !PLAIN.test(runAs)) {
    throw new RelayError(
      'ConfigurationInvalid',
      `${connection}: authentication.runAs holds characters that a header can not carry. Use a user whose name is plain ASCII.`,
    );
  }
  const advice = `It was sent an access token and ${certificateSent(showsCertificate)} client certificate. Check that the user to run as, if any, shares a group with the application user; ${COMMON_CHECKS}.`;
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
  /** Whether the connection has a client certificate to show. */
  readonly showsCertificate?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * What each field of the header can not carry. Values are not escaped in it (reference: 1.1): a field ends at its `;`,
 * and a password, in brackets, at the `]` before a `;`, so that one with both in a row reads differently from server to
 * server.
 */
const FIELD_RULES = {
  apiKey: [/^[^;]+$/, 'must be the key alone, without a semicolon'],
  runAs: [/^[^;]+$/, 'must not hold a semicolon'],
  password: [/^(?!.*\] *;)/, 'must not hold a closing bracket followed by a semicolon'],
} as const;

const checkField = (connection: string, field: keyof typeof FIELD_RULES, value: string): void => {
  const [allowed, rule] = FIELD_RULES[field];
  const problem = PLAIN.test(value) ? rule : 'must be printable ASCII, without line breaks';
  if (PLAIN.test(value) && allowed.test(value)) return;
  throw new RelayError(
    'BootstrapUnusable',
    `${connection}: ${field} in the bootstrap secret ${problem}, because the API key header can not carry it. Change it in the vault and in the secret.`,
  );
};

/** The header `PS-Auth key=…; runas=…; pwd=[…]; challenge=…;`. Raises `BootstrapUnusable` for what it can not carry. */
export const apiKeyHeader = (
  { connection, apiKey, runAs, password }: ApiKeyOptions,
  challengeAnswer?: Secret,
): Secret => {
  // Samples in PowerShell and JSON double the backslash, and the doubling tends to get copied along.
  const user = runAs.replace(/\\+/g, '\\');
  checkField(connection, 'apiKey', apiKey.reveal());
  checkField(connection, 'runAs', user);
  checkField(connection, 'password', password?.reveal() ?? '');
  const pwd = password === undefined ? '' : ` pwd=[${password.reveal()}];`;
  const challenge = challengeAnswer === undefined ? '' : ` challenge=${challengeAnswer.reveal()};`;
  return apiKey.map((key) => `PS-Auth key=${key}; runas=${user};${pwd}${challenge}`);
};

/** Signs in with an API key, as the user whom the key is used for. */
export const apiKeyAuthenticator = (options: ApiKeyOptions): Authenticator => {
  const { password, totpSeed, showsCertificate, now = Date.now } = options;
  const headers = { authorization: apiKeyHeader(options) };
  const advice = `It was sent an API key, ${password === undefined ? 'no' : 'a'} password and ${certificateSent(showsCertificate)} client certificate. Check whether the key was rotated; that the user to run as may use it, and is neither locked nor quarantined; whether the registration requires the password of the user; ${COMMON_CHECKS}.`;
  const answer: AnswerChallenge | undefined =
    totpSeed &&
    (async (challengedAt) => {
      const atMs = challengedAt === undefined ? now() : Date.parse(challengedAt);
      return { authorization: apiKeyHeader(options, await totpCode(totpSeed, atMs)) };
    });
  return { factors: async () => ({ headers, advice, answer, discard: async () => {} }) };
};

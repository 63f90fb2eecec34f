import { RelayError } from '#shared/errors.ts';
import type { RequestHeaders } from '#shared/http/request.ts';
import type { Secret } from '#shared/secret.ts';

/** Where access tokens come from: a cache in front of {@link requestToken}. */
interface TokenSource {
  /** A token that is valid for a while yet. */
  get(): Promise<Secret>;
  /** Makes sure that this token, which the vault refused, is not handed out again. */
  drop(token: Secret): Promise<void>;
}

/** What one sign-in, and each call of the session after it, proves its identity with. */
interface Factors {
  readonly headers: RequestHeaders;
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
}

/** Signs in with an OAuth access token, as another user where `runAs` is set. */
export const oauthAuthenticator = ({ connection, tokens, runAs }: OAuthOptions): Authenticator => {
  if (runAs !== undefined && !PLAIN.test(runAs)) {
    throw new RelayError(
      'ConfigurationInvalid',
      `${connection}: authentication.runAs holds characters that a header can not carry. Use a user whose name is plain ASCII.`,
    );
  }
  return {
    factors: async () => {
      const token = await tokens.get();
      const authorization = token.map((value) => `Bearer ${value}`);
      const headers: RequestHeaders = runAs === undefined ? { authorization } : { authorization, runas: runAs };
      return { headers, discard: async () => tokens.drop(token) };
    },
  };
};

export interface ApiKeyOptions {
  readonly connection: string;
  readonly apiKey: Secret;
  /** `local`, `DOMAIN\user` or a UPN. */
  readonly runAs: string;
  readonly password?: Secret | undefined;
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

/** The header `PS-Auth key=…; runas=…; pwd=[…];`. Raises `BootstrapUnusable` for what it can not carry. */
export const apiKeyHeader = ({ connection, apiKey, runAs, password }: ApiKeyOptions): Secret => {
  // Samples in PowerShell and JSON double the backslash, and the doubling tends to get copied along.
  const user = runAs.replace(/\\+/g, '\\');
  checkField(connection, 'apiKey', apiKey.reveal());
  checkField(connection, 'runAs', user);
  checkField(connection, 'password', password?.reveal() ?? '');
  const pwd = password === undefined ? '' : ` pwd=[${password.reveal()}];`;
  return apiKey.map((key) => `PS-Auth key=${key}; runas=${user};${pwd}`);
};

/** Signs in with an API key, as the user whom the key is used for. */
export const apiKeyAuthenticator = (options: ApiKeyOptions): Authenticator => {
  const headers = { authorization: apiKeyHeader(options) };
  return { factors: async () => ({ headers, discard: async () => {} }) };
};

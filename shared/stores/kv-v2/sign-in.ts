import * as z from 'zod';
import type { WebIdentityTokens } from '#shared/aws/web-identity-token.ts';
import { RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import type { Http } from '#shared/http/http.ts';
import { jsonBody, type RequestHeaders } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';
import { interpreter, interpretSignIn } from '#shared/stores/kv-v2/errors.ts';
import { encodePath } from '#shared/stores/kv-v2/path.ts';
import type { KvSettings } from '#shared/stores/kv-v2/settings.ts';

/**
 * Token of one server. It is not revoked at the end: that would cost every invocation a sign-in, and the role decides
 * how long a token lives.
 */
interface Token {
  readonly value: Secret;
}

export interface SignIn {
  /** Returns a token. Signs in if there is none; callers at the same time share one sign-in. */
  token(): Promise<Token>;
  /** True if the token was the reason for a 403, and another one can be used now. False if a right is missing. */
  renew(refused: Token): Promise<boolean>;
}

export interface SignInOptions {
  readonly http: Http;
  readonly tokens: WebIdentityTokens;
  readonly auth: KvSettings['auth'];
  /** Namespace of every call. */
  readonly headers: RequestHeaders;
  /** Wall clock in epoch milliseconds. */
  readonly now: () => number;
}

/** A refused sign-in is not repeated for so long. Each of many items would repeat it otherwise. */
const REFUSED_MS = 60_000;

/** Time left for the calls that begin with a token, and the most of a short life. */
const MARGIN_MS = 30_000;
const MARGIN_SHARE = 0.2;

/** A token without an end is renewed after this time, so that a change of the role takes effect. */
const ENDLESS_MS = 3_600_000;

const answerSchema = z.object({
  auth: z.object({
    client_token: z
      .string()
      .min(1)
      .transform((text) => new Secret(text)),
    lease_duration: z.number().min(0),
  }),
});

interface Issued extends Token {
  readonly usableFromMs: number;
  readonly usableUntilMs: number;
  /** Issued after a 403, so that the next 403 is about a right. */
  readonly isProven: boolean;
}

export const TOKEN_HEADER = 'X-Vault-Token';

/** Creates the sign-in of one process to one server. */
export const createSignIn = ({ http, tokens, auth, headers, now }: SignInOptions): SignIn => {
  let current: Promise<Issued> | undefined;
  let renewing: Promise<boolean> | undefined;
  let refused: { readonly error: RelayError; readonly atMs: number } | undefined;

  const exchange = async (isProven: boolean): Promise<Issued> => {
    if (refused !== undefined && Math.abs(now() - refused.atMs) < REFUSED_MS) throw refused.error;
    const jwt = await tokens.tokenFor(auth.audience);
    const usableFromMs = now();
    try {
      const { value } = await http.send({
        method: 'POST',
        path: `v1/auth/${encodePath(auth.mount)}/login`,
        headers,
        body: jsonBody({ role: auth.role, jwt: jwt.reveal() }),
        idempotent: true,
        interpret: interpretSignIn,
        read: json(answerSchema),
      });
      const lifeMs = value.auth.lease_duration * 1000 || ENDLESS_MS;
      const usableUntilMs = usableFromMs + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
      return { value: value.auth.client_token, usableFromMs, usableUntilMs, isProven };
    } catch (error) {
      if (error instanceof RelayError && error.name === 'SignInRefused') refused = { error, atMs: now() };
      throw error;
    }
  };

  const issue = (isProven: boolean): Promise<Issued> => {
    const issued = exchange(isProven);
    current = issued;
    issued.catch(() => {
      if (current === issued) current = undefined;
    });
    return issued;
  };

  // If the clock was set back, the age is unknown.
  const isUsable = ({ usableFromMs, usableUntilMs }: Issued): boolean => {
    const nowMs = now();
    return nowMs >= usableFromMs && nowMs < usableUntilMs;
  };

  const token = async (): Promise<Issued> => {
    const used = current;
    if (used === undefined) return issue(false);
    const issued = await used;
    if (isUsable(issued)) return issued;
    // Another caller may have replaced it while this one waited.
    return current === used ? issue(false) : token();
  };

  /** Asks the server about a token. The default policy of every token allows it. */
  const isKnown = async ({ value }: Token): Promise<boolean> => {
    const { status } = await http.send({
      method: 'GET',
      path: 'v1/auth/token/lookup-self',
      headers: { ...headers, [TOKEN_HEADER]: value },
      idempotent: true,
      interpret: interpreter(undefined, ({ status }) => (status === 403 ? 'fine' : undefined)),
      read: nothing,
    });
    return status !== 403;
  };

  const replace = async (issued: Issued): Promise<boolean> => {
    if (issued.isProven || (await isKnown(issued))) return false;
    await issue(true);
    return true;
  };

  return {
    token,
    async renew(denied) {
      const issued = await token();
      if (issued.value !== denied.value) return true;
      renewing ??= replace(issued).finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
  };
};

import type { AnswerChallenge, Authenticator } from '#shared/connections/password-safe/authentication.ts';
import { cookieHeader } from '#shared/connections/password-safe/cookies.ts';
import {
  interpretChallengeAnswer,
  interpretSignIn,
  isChallenge,
} from '#shared/connections/password-safe/sign-in-errors.ts';
import { RelayError } from '#shared/errors.ts';
import { nothing } from '#shared/http/answer.ts';
import type { Call, Http, Reply } from '#shared/http/http.ts';
import { emptyBody, type RequestHeaders } from '#shared/http/request.ts';

export interface SignInOptions {
  readonly connection: string;
  readonly http: Http;
  readonly authenticator: Authenticator;
  /** How long a person has to answer a push, for which the vault keeps the call waiting. Default: nobody is asked. */
  readonly pushSeconds?: number | undefined;
}

/** The headers of a session: its cookies, and its factors again, because some registrations check them on each call. */
export type SignedIn = RequestHeaders;

const SIGN_IN = { method: 'POST', path: 'Auth/SignAppIn', body: emptyBody, read: nothing } as const;

const withCookies = (headers: RequestHeaders, ...replies: readonly Reply<unknown>[]): RequestHeaders => {
  const cookie = cookieHeader(...replies.map((reply) => reply.headers));
  return cookie === undefined ? headers : { ...headers, cookie };
};

const pushUnanswered = (connection: string, pushSeconds: number): RelayError =>
  new RelayError(
    'SignInRefused',
    `${connection}: nobody answered the push of the vault's second factor within ${pushSeconds} s. Answer it and start again, raise authentication.pushSeconds in relay.yaml, or use a user without two-factor authentication.`,
  );

/** The first call, which is the only one unless the vault challenges it. */
const callFirst = async (
  { connection, http, pushSeconds }: SignInOptions,
  call: Pick<Call<undefined>, 'headers' | 'interpret'>,
): Promise<Reply<undefined>> => {
  if (pushSeconds === undefined) return http.send({ ...SIGN_IN, ...call, idempotent: true });
  try {
    // Each attempt would be one more push.
    return await http.send({ ...SIGN_IN, ...call, idempotent: false, timeoutSeconds: pushSeconds });
  } catch (error) {
    const isUnanswered = error instanceof RelayError && error.name === 'AnswerTimedOut';
    throw isUnanswered ? pushUnanswered(connection, pushSeconds) : error;
  }
};

/** The second call, on the session of the first. Sent once: the code may be used up. */
const answerChallenge = async (
  { http }: SignInOptions,
  challenge: Reply<undefined>,
  answer: AnswerChallenge,
): Promise<Reply<undefined>> => {
  const headers = withCookies(await answer(challenge.at), challenge);
  return http.send({ ...SIGN_IN, headers, interpret: interpretChallengeAnswer, idempotent: false });
};

/**
 * Opens a session. A refusal is final (`SignInRefused`, `LicenceRefused`); a challenge for a second factor is answered,
 * once, where the factors can. Not to be repeated after a refusal: each is audited and mailed to an administrator.
 */
export const signIn = async (options: SignInOptions): Promise<SignedIn> => {
  const { headers, advice, answer, discard } = await options.authenticator.factors();
  try {
    const interpret = interpretSignIn({
      advice,
      answersChallenge: answer !== undefined,
      pushes: options.pushSeconds !== undefined,
    });
    const first = await callFirst(options, { headers, interpret });
    if (answer === undefined || !isChallenge(first)) return withCookies(headers, first);
    return withCookies(headers, first, await answerChallenge(options, first, answer));
  } catch (error) {
    if (error instanceof RelayError && error.name === 'SignInRefused') {
      // Whatever becomes of the cached token, the refusal is what has to be told.
      await discard().catch(() => undefined);
    }
    throw error;
  }
};

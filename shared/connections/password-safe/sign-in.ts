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
  /** Time for a person to answer a push; the vault keeps the call open until then. Default: no push is expected. */
  readonly pushSeconds?: number | undefined;
}

/** Headers of a session: its cookies and its factors, because some registrations check the factors on each call. */
export type SignedIn = RequestHeaders;

const SIGN_IN = { method: 'POST', path: 'Auth/SignAppIn', body: emptyBody, read: nothing } as const;

const withCookies = (headers: RequestHeaders, ...replies: readonly Reply<unknown>[]): RequestHeaders => {
  const cookie = cookieHeader(...replies.map((reply) => reply.headers));
  return cookie === undefined ? headers : { ...headers, cookie };
};

const pushUnanswered = (connection: string, pushSeconds: number): RelayError =>
  new RelayError(
    'SignInRefused',
    `${connection}: the push of the vault's second factor was not answered within ${pushSeconds} s. Start again and answer it, raise authentication.pushSeconds in relay.yaml, or use a user without two-factor authentication.`,
  );

/** Sends the first call of a sign-in, which is the only one unless the vault answers with a challenge. */
const callFirst = async (
  { connection, http, pushSeconds }: SignInOptions,
  call: Pick<Call<undefined>, 'headers' | 'interpret'>,
): Promise<Reply<undefined>> => {
  if (pushSeconds === undefined) return http.send({ ...SIGN_IN, ...call, idempotent: true });
  try {
    // Each attempt would send another push.
    return await http.send({ ...SIGN_IN, ...call, idempotent: false, timeoutSeconds: pushSeconds });
  } catch (error) {
    const isUnanswered = error instanceof RelayError && error.name === 'AnswerTimedOut';
    throw isUnanswered ? pushUnanswered(connection, pushSeconds) : error;
  }
};

/** Sends the second call, on the session of the first. Not repeated, because the code may already be used. */
const answerChallenge = async (
  { http }: SignInOptions,
  challenge: Reply<undefined>,
  answer: AnswerChallenge,
): Promise<Reply<undefined>> => {
  const headers = withCookies(await answer(challenge.at), challenge);
  return http.send({ ...SIGN_IN, headers, interpret: interpretChallengeAnswer, idempotent: false });
};

/**
 * Opens a session. A refusal is final (`SignInRefused`, `LicenceRefused`). A second-factor challenge is answered once,
 * if the factors can answer it. Do not repeat a refused sign-in: each refusal is audited and mailed to an
 * administrator.
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
      // A failure to discard the cached token must not hide the refusal.
      await discard().catch(() => undefined);
    }
    throw error;
  }
};

import { interpreter, NOT_THE_API, type Verdict } from '#shared/connections/password-safe/errors.ts';
import { type Answer, isPage } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/**
 * Meaning of refusals at sign-in. The vault never states which factor failed. Distinguishable causes have their own
 * texts; the other texts list what to check. `docs/sign-in.md` lists all causes.
 */

const CHALLENGE_HEADER = 'www-authenticate-2fa';

/** True if the vault asks for a second factor on the same session. */
export const isChallenge = ({ status, headers }: Pick<Answer, 'status' | 'headers'>): boolean =>
  status === 401 && headers[CHALLENGE_HEADER] !== undefined;

const CHALLENGE_UNANSWERABLE: Verdict = [
  'SignInRefused',
  'The vault requires the code of a second factor, and the bootstrap secret has no totpSeed. Add the seed of the user to it, or use a user without two-factor authentication.',
];

const ANSWER_REFUSED: Verdict = [
  'SignInRefused',
  'The vault refused the code of the second factor. Check that totpSeed in the bootstrap secret is the seed of this user, and check the clock of the vault. A vault that accepts each code only once also refuses a second sign-in within the same 30 seconds: for syncs, use a user without two-factor authentication.',
];

/** IIS refuses callers without a trusted certificate with a page of its own, before the call reaches the API. */
const REFUSED_BY_PAGE: Verdict = [
  'SignInRefused',
  'The answer was a web page, not an answer of the API. Web servers refuse callers without a trusted client certificate in this way: if the API registration requires one, set authentication.clientCertificate in relay.yaml, and check that the certificate has not expired and that the vault trusts the CA that signed it. Otherwise, a proxy in between blocks the relay.',
];

const LICENCE_REFUSED: Verdict = [
  'LicenceRefused',
  'The licence of Password Safe is not valid, the user may not use the API, or the user is quarantined. Ask the administrator of the vault.',
];

const readRefusal = (answer: Answer, unauthorized: Verdict): Verdict | undefined => {
  if (answer.status === 401) return unauthorized;
  if (answer.status === 403) return isPage(answer) ? REFUSED_BY_PAGE : LICENCE_REFUSED;
  return answer.status === 404 ? NOT_THE_API : undefined;
};

export interface SignInReading {
  /** Advice for a refusal of these factors. */
  readonly advice: string;
  /** True if the factors can answer a challenge, so a challenge is not a refusal. */
  readonly answersChallenge: boolean;
  /** True if a person may have been asked to approve by a push. */
  readonly pushes: boolean;
}

/** For signing in. A 401 is final, because every failure is audited and mailed to an administrator. */
export const interpretSignIn = ({ advice, answersChallenge, pushes }: SignInReading): Interpreter =>
  interpreter((answer) => {
    if (isChallenge(answer)) return answersChallenge ? 'fine' : CHALLENGE_UNANSWERABLE;
    return readRefusal(answer, [
      'SignInRefused',
      `The vault does not state which factor failed: check its User Audit for the user. ${pushes ? 'The push may have been denied. ' : ''}${advice}`,
    ]);
  });

/** For the answer to a challenge, which is sent only once. */
export const interpretChallengeAnswer = interpreter((answer) => readRefusal(answer, ANSWER_REFUSED));

/** For signing out. A 401 means that the session has already ended, which counts as success. */
export const interpretSignOut = interpreter((answer) => (answer.status === 401 ? 'fine' : undefined));

const CLIENT_REFUSED: Verdict = [
  'SignInRefused',
  'Check clientId and clientSecret in the bootstrap secret; that the API registration is of the type API Access Policy and assigned to the user; and that the user is an application user.',
];

const CLIENT_SECRET_EXPIRED: Verdict = [
  'SignInRefused',
  'The client secret has expired. Create a new one in the vault and put it into the bootstrap secret.',
];

const CLIENT_KEPT_OUT: Verdict = [
  'SignInRefused',
  'The API registration blocks the relay: check its address rules (IP and X-Forwarded-For), and whether it requires a client certificate or the PSRUN signature, which the relay does not support.',
];

const tokenRefused = (answer: Answer): Verdict => {
  if (isPage(answer)) return REFUSED_BY_PAGE;
  if (/\binvalid_grant\b/.test(answer.text)) return CLIENT_SECRET_EXPIRED;
  return answer.status === 401 && !/\binvalid_client\b/.test(answer.text) ? CLIENT_KEPT_OUT : CLIENT_REFUSED;
};

/** For the token call, whose refusals differ by version (reference: 1.3, failure). */
export const interpretToken = interpreter((answer) => {
  if ([400, 401, 403].includes(answer.status)) return tokenRefused(answer);
  return answer.status === 404 ? NOT_THE_API : undefined;
});
